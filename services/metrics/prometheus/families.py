"""Prometheus' families of samples, under this server's prefix."""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from services.metrics.histogram import Histogram

PREFIX = "graphlore_"
Labelled = Iterable[tuple[tuple[str, ...], float | None]]
"""Values by their labels; what is None is left out."""


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def gauges(name: str, text: str, labels: Iterable[str], values: Labelled) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=list(labels))
    for label_values, value in values:
        if value is not None:
            family.add_metric(list(label_values), value)
    return family


def counter(name: str, text: str, labels: Iterable[str], values: Labelled) -> Metric:
    """`_total` is added to the name."""
    family = CounterMetricFamily(PREFIX + name, text, labels=list(labels))
    for label_values, value in values:
        if value is not None:
            family.add_metric(list(label_values), value)
    return family


def histogram(name: str, text: str, label: str | None, values: Mapping[str, Histogram]) -> Metric:
    """One for each value of the label; without a label the one under the empty name."""
    family = HistogramMetricFamily(PREFIX + name, text, labels=[label] if label else [])
    for key, each in values.items():
        bounds = [*map(str, each.bounds), "+Inf"]
        buckets = list(zip(bounds, map(float, accumulate(each.buckets)), strict=True))
        family.add_metric([key] if label else [], buckets, each.total)
    return family

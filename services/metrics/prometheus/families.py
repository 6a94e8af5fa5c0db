"""Constructors of Prometheus metric families. Names get the prefix `graphlore_`."""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from services.metrics.latency import Histogram

PREFIX = "graphlore_"
LabeledValues = Iterable[tuple[tuple[str, ...], float | None]]
"""Pairs of label values and the metric's value. Values that are None are left out."""


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def gauges(name: str, text: str, labels: Iterable[str], values: LabeledValues) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=list(labels))
    for label_values, value in values:
        if value is not None:
            family.add_metric(list(label_values), value)
    return family


def counter(name: str, text: str, labels: Iterable[str], values: LabeledValues) -> Metric:
    """Return a family of counters; prometheus_client adds `_total` to the name."""
    family = CounterMetricFamily(PREFIX + name, text, labels=list(labels))
    for label_values, value in values:
        if value is not None:
            family.add_metric(list(label_values), value)
    return family


def histogram(name: str, text: str, value: Histogram) -> Metric:
    family = HistogramMetricFamily(PREFIX + name, text)
    family.add_metric([], _cumulative(value), value.sum)
    return family


def histograms(name: str, text: str, label: str, values: Mapping[str, Histogram]) -> Metric:
    """Return a family with one histogram for each value of the label."""
    family = HistogramMetricFamily(PREFIX + name, text, labels=[label])
    for label_value, value in values.items():
        family.add_metric([label_value], _cumulative(value), value.sum)
    return family


def _cumulative(histogram: Histogram) -> list[tuple[str, float]]:
    """Return the number of values up to each bound."""
    bounds = [*map(str, histogram.bounds), "+Inf"]
    return list(zip(bounds, map(float, accumulate(histogram.buckets)), strict=True))

"""The Prometheus text format of all metrics."""

"""Metrics, their intervals, baselines and comparisons."""

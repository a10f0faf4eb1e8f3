"""Metrics that definitions in JSON describe, computed of what sources collect."""

"""Metrics that definitions in JSON describe: what is counted of what sources collect, by whom, how."""

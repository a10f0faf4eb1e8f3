"""Openhours: reports over time series that only make sense inside working hours."""

__version__ = "0.1.0"

"""Openhours: reports over time series that only make sense inside working hours."""

import os

__version__ = "0.1.0"

# Arrow looks at this when it is imported. Its usual allocator, mimalloc, reserves 1 GiB with the first array, or what
# it can get of that: a large part of what a job may allocate (files/memory.py).
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

"""Spreads pieces over the workers of a Dask cluster (docs/cluster.md); an extra, ``openhours[cluster]``.

``distributed`` takes seconds to import, so that only what needs it does, when it needs it.
"""

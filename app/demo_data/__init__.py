"""Believable data of any size for trying things out: polls, hours and zones of made-up stores, the same by seed.

Every value is a hash of the seed and of what it is about (a store, an hour), never the next number of a sequence: so
that a file can be made in pieces of any size, by any number of threads, and always has the same bytes.
"""

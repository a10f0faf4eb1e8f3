"""Believable data for trying things out: polls of made-up stores, pull requests of made-up teams, the same by seed.

Every value is a hash of the seed and of what it is about (a store, an hour, a pull request), never the next number of a
sequence: so that polls can be made in pieces of any size, by any number of threads, and always have the same bytes.
"""

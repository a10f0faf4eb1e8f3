"""Realistic data for trying things out: polls of fictitious stores, pull requests of fictitious teams, by seed.

Every value is a hash of the seed and of what it is about (a store, an hour, a pull request), never the next number of a
sequence. So polls can be generated in pieces of any size, by any number of threads, and always have the same bytes.
"""

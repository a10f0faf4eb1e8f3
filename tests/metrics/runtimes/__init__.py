"""Versions of runtimes that repositories test and declare."""

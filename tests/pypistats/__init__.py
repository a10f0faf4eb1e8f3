"""The API of pypistats.org as it answers: on loopback, with a clock of its own."""

from tests.pypistats.server import Pypistats, serve

__all__ = ["Pypistats", "serve"]

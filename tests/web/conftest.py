"""The servers that the tests of uploads have, too."""

from tests.uploads.conftest import address, asking, catalogue, http, refused

__all__ = ["address", "asking", "catalogue", "http", "refused"]

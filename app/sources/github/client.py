"""Asks GitHub."""

from contextlib import AbstractContextManager

from app.sources.contract import Access, Client


def opened(access: Access) -> AbstractContextManager[Client]:
    """A client, to be closed."""
    raise NotImplementedError(access.base_url)

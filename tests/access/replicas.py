"""Replicas of one installation that ask who it is, in this process."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from app.storage.resources import Resources
from app.web.application import create_app
from tests.local_client import LocalClient


@contextmanager
def replicas(resources: Resources, *, count: int = 2, **settings: Any) -> Iterator[list[LocalClient]]:
    """A client of each, that follows no redirect."""
    changed = resources.settings.model_copy(update={"auth": "on", **settings})
    with ExitStack() as stack:
        clients = [
            stack.enter_context(LocalClient(create_app(replace(resources, settings=changed), slots=0)))
            for _ in range(count)
        ]
        for client in clients:
            client.follow_redirects = False
        yield clients

"""A GitHub for tests, on loopback: a world that changes, the API over it, its limits and its faults, and the truth.

It imports nothing of the program: what the program makes of the API is compared with what this package knows.

    world = World(seed=7)
    repository = world.create_repository("acme/shop")
    with serve(world) as github:
        ... # github.address is all that a source needs, and a token of world.tokens
    assert rows == truth.pull_requests(world)
"""

from tests.github.server import Github, serve
from tests.github.world import World

__all__ = ["Github", "World", "serve"]

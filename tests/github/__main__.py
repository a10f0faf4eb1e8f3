"""A fake GitHub to try things with: `python -m tests.github` serves one until Ctrl-C.

It is an organisation, acme, whose repositories have lived for some months until now; its time goes on, but nothing more
happens there.
"""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta

from tests.github import World, serve
from tests.github.changes import Changes


def main() -> None:
    """Print the address and a token, and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.github", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of everything that has happened (default: 1)")
    parser.add_argument("--repositories", type=int, default=5, help="of the organisation (default: 5)")
    parser.add_argument("--days", type=int, default=120, help="that they have lived (default: 120)")
    parser.add_argument("--limit", type=int, default=5_000, help="requests of the token in an hour (default: 5000)")
    told = parser.parse_args()
    now = datetime.now(UTC)
    world = World(seed=told.seed, now=now - timedelta(days=told.days))
    token = world.token("ghp_" + "x" * 36, limit=told.limit)
    repositories = [world.create_repository(f"acme/shop-{number}") for number in range(1, told.repositories + 1)]
    changes = Changes(world, told.seed)
    while world.now < now - timedelta(hours=4):
        changes.step()
    for number, name in enumerate(("Platform", "Storefront")):
        team = world.team("acme", name)
        team.members, team.repositories = changes.people[number::2], repositories[number::2]
    world.go_on()
    with serve(world) as github:
        sys.stdout.write(f"{github.address}\n{token.value}\n")
        sys.stdout.flush()
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

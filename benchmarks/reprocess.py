"""The time and memory of making rows anew from the pages of GitHub that were kept.

    python -m benchmarks.reprocess --pulls 50000

The pages are made up: as large as GitHub's, with a timeline, reviews and comments for each pull request. What is made
of them are the three kinds of the stream of pull requests. Memory is that of a process of its own.
"""

import argparse
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import text

from app.files.memory import peak_bytes
from app.ids import new_id
from app.ingest.pages.envelope import Envelope
from app.jobs.kind import JobContext
from app.settings import Settings
from app.sources.github.kind import GITHUB
from app.sources.raw import RawPages, prefix_of
from app.sources.stream_load import StreamLoad
from app.storage.migrate import migrate
from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.postgres import build_engine
from app.storage.resources import addresses

#: Pull requests of a page, and when the first one was created.
PAGE = 100
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)

SOURCE = "0" * 32


def at(number: int, minutes: int) -> str:
    """An instant of a pull request."""
    return (BEGIN + timedelta(minutes=45 * number + minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(number: int) -> dict[str, Any]:
    """A user with the addresses that GitHub gives with each."""
    name = f"dev-{number % 300}"
    urls = {f"{what}_url": f"https://api.github.com/users/{name}/{what}" for what in "abcdefghijklm"}
    return {
        "login": name,
        "id": number % 300 + 1,
        "type": "User",
        "node_id": "MDQ6VXNlcjE=",
        "site_admin": False,
        **urls,
    }


def repository() -> dict[str, Any]:
    """A repository with the addresses that GitHub gives with each."""
    urls = {f"{what}_url": f"https://api.github.com/repos/acme/api/{what}{{/sha}}" for what in map(str, range(60))}
    return {"id": 1, "name": "api", "full_name": "acme/api", "owner": user(1), "private": True, **urls}


def pull(number: int) -> dict[str, Any]:
    """A pull request as the list has it, of 18 kB or so."""
    end = {"label": "acme:main", "ref": "main", "sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e", "user": user(1)}
    return {
        "number": number,
        "id": number,
        "state": "closed",
        "title": "Do what was to be done",
        "user": user(number),
        "body": "Because it was to be done. " * 40,
        "labels": [{"name": "bug", "id": 1, "url": "https://api.github.com/repos/acme/api/labels/bug"}],
        "created_at": at(number, 60),
        "updated_at": at(number, 600),
        "merged_at": at(number, 600),
        "closed_at": at(number, 600),
        "draft": False,
        "requested_reviewers": [user(number + 1)],
        "head": {**end, "repo": repository()},
        "base": {**end, "repo": repository()},
        "_links": {str(link): {"href": "https://api.github.com/repos/acme/api/pulls/1"} for link in range(8)},
    }


def children(number: int) -> dict[str, Any]:
    """What is read for each pull request."""
    commit = {"event": "committed", "author": {"date": at(number, 0)}, "message": "Do it. " * 20, "sha": "6dcb09b5"}
    others = [{"event": "labeled", "actor": user(number), "created_at": at(number, 70 + more)} for more in range(4)]
    asked = {"event": "review_requested", "id": number, "actor": user(number), "created_at": at(number, 65)}
    asked |= {"review_requester": user(number), "requested_reviewer": user(number + 1)}
    review = {"id": 10 * number, "user": user(number + 1), "state": "APPROVED", "body": "Good. " * 20}
    comment = {"id": 10 * number, "user": user(number + 2), "created_at": at(number, 90), "diff_hunk": "+ x\n" * 100}
    reviews = [{**review, "id": 10 * number + more, "submitted_at": at(number, 100 + more)} for more in range(2)]
    detail = {**pull(number), "additions": 10, "deletions": 5, "changed_files": 3}
    return {
        "timeline": [commit, commit, asked, *others],
        "reviews": reviews,
        "comments": [{**comment, "updated_at": at(number, 95), "pull_request_review_id": 10 * number}],
        "detail": detail,
    }


def write(raw: RawPages, pulls: int) -> int:
    """Write the pages; returns their bytes, unpacked, about."""
    size_bytes = 0
    about: dict[str, Any] = {"stream": "pull_requests", "scope": "1", "status": 200, "headers": {}, "at": at(0, 0)}
    repo = {"id": 1, "name": "acme/api", "default_branch": "main"}
    for first in range(1, pulls + 1, PAGE):
        numbers = range(first, min(first + PAGE, pulls + 1))
        for number in numbers:
            raw.add(
                [
                    Envelope(**about, request={"path": "/x"}, body=body, child=name, of=str(number), repo=repo)
                    for name, body in children(number).items()
                ],
                size_bytes=30_000,
            )
        page = Envelope(**about, request={"path": "/x"}, body=[pull(number) for number in numbers], repo=repo)
        raw.close(replace(page, taken=[str(number) for number in numbers]))
        size_bytes += PAGE * 48_000
    return size_bytes


def measured(database_url: str, address: StoreAddress, folder: Path, prefix: str) -> tuple[float, float, float]:
    """Seconds of time and of processor, and peak memory in MiB, of making all rows anew."""
    engine = build_engine(database_url, pool_size=4)
    with closing(ObjectStore(address)) as store:
        context = JobContext(
            engine=engine,
            settings=Settings(),
            store=address,
            folder=folder,
            prefix="",
            progress=lambda *_: None,
            job_id="0" * 32,
            fence=lambda _: None,
        )
        now = datetime(2026, 1, 1, tzinfo=UTC)
        load = StreamLoad(context, store, SOURCE, "hub", GITHUB.streams()["pull_requests"], prefix, now)
        began, busy = perf_counter(), process_time()
        load.load(new_id(now))
        took = perf_counter() - began, process_time() - busy
    engine.dispose()
    return *took, peak_bytes() / (1 << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pulls", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="openhours-bench-")))
        settings = Settings(home=home, database_url=None, redis_url=None, s3_endpoint_url=None)
        where = stack.enter_context(addresses(settings))
        keys = {"access_key": where.s3_access_key, "secret_key": where.s3_secret_key}
        address = StoreAddress(settings.s3_bucket, settings.s3_region, where.s3_endpoint_url, **keys)
        engine = build_engine(where.database_url, pool_size=2)
        stack.callback(engine.dispose)
        migrate(engine)
        with closing(ObjectStore(address)) as store:
            store.ensure_bucket()
            prefix = prefix_of("github", "pull_requests", SOURCE, BEGIN)
            raw = RawPages(store, prefix)
            size_bytes = write(raw, arguments.pulls)
        print(f"{arguments.pulls:,} pull requests, {size_bytes >> 20:,} MiB, {raw.bytes >> 20:,} packed")
        pool = get_context("spawn").Pool(1, maxtasksperchild=1)
        stack.enter_context(pool)
        for _ in range(arguments.rounds):
            took, busy, peak = pool.apply(measured, (where.database_url, address, home, prefix))
            with engine.connect() as connection:
                tables = ("pull_request", "review", "review_comment", "review_request")
                counts = [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]
            print(
                f"rows made anew: {took:.1f} s, {busy:.1f} s of processor, {peak:.0f} MiB (aim 60 s, 500 MiB) {counts}"
            )


if __name__ == "__main__":
    main()

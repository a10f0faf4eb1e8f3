"""Histories in which GitHub fails, refuses or renames, or the worker dies: in the end nothing is lost or twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.jobs import lifecycle
from app.sources import reading
from app.sources.api import client
from app.sources.api.client import ApiClient
from app.sources.run import Run
from app.sources.service import GivenToken, SourceService
from app.storage.object_store import ObjectStore
from app.storage.resources import Resources
from tests.github.reviewing import comment, merge, open_pull, revert
from tests.sources.histories import History, history
from tests.sources.syncing import one, rows
from tests.strategies import PROFILE

STREAMS = ("pull_requests", "commits", "issues")

#: Things that have happened before a history is read.
STEPS = 25

#: Faults after which the same request may go well.
PASSING = ("500", "502", "503", "504", "cut", "broken json", "429", "403 short", "200 html")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause before a request is made again."""
    monkeypatch.setattr(client, "PAUSES", (0.0,) * 6)
    monkeypatch.setattr(reading, "EMPTY_PAUSES", (0.0, 0.0))


@contextmanager
def time_passes(monkeypatch: pytest.MonkeyPatch, lived: History) -> Iterator[list[float]]:
    """Whoever sleeps to please GitHub finds at once that so much time has passed; what was slept."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        lived.pass_seconds(seconds)

    with monkeypatch.context() as patched:
        patched.setitem(ApiClient.__init__.__kwdefaults__, "sleep", sleep)
        yield slept


def test_answers_that_fail_for_a_while_lose_nothing(
    untouched: Resources, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        history(untouched, 2000, streams=STREAMS, repositories=1, steps=STEPS) as lived,
        time_passes(monkeypatch, lived),
    ):
        lived.github.faults.by_chance(2000, 0.25, *PASSING)
        for _ in range(2):
            lived.sync(changes=10)
        assert {kind for kind, _ in lived.github.faults.happened} <= set(PASSING)
        assert len(lived.github.faults.happened) > 10
        lived.github.faults.by_chance(0, 0.0)
        lived.quiet_syncs()
        assert lived.differences() == []
        assert one(untouched, "SELECT count(*) FROM source_gap WHERE closed_at IS NULL AND code <> 'gone'") == 0


def test_a_page_that_was_announced_and_comes_empty_is_not_taken_for_the_end(
    untouched: Resources, hurried: None
) -> None:
    with history(untouched, 2001, repositories=1, pulls=6, steps=STEPS) as lived:
        lived.github.faults.plan("empty", r".*/pulls\?.*page=2.*", times=2)
        lived.sync()
        assert lived.differences() == []
        comment_on_all(lived)
        lived.github.faults.plan("empty", r".*/pulls\?.*page=2.*", times=3)
        lived.sync()
        assert [gap for gap in lived.gaps() if gap[1] == "incomplete"] != []
        lived.quiet_syncs()
        assert lived.differences() == []
        assert lived.gaps() == []


def test_what_a_copy_of_the_api_does_not_know_yet_is_not_taken_for_nothing(untouched: Resources, hurried: None) -> None:
    with history(untouched, 2040, repositories=1, pulls=2, steps=STEPS) as lived:
        lived.sync()
        comment_on_all(lived)
        for child in ("issues/1/timeline", "pulls/1/reviews", "pulls/1"):
            lived.github.faults.plan("404", rf".*/{child}(\?.*)?", times=2)
        lived.pass_seconds(86_400, in_world=0)
        SourceService(untouched).sync(lived.name)
        lived.go_on()
        assert len(lived.github.faults.happened) == 6
        assert lived.differences() == []


def comment_on_all(lived: History) -> None:
    """Have more pull requests updated than one page holds."""
    for repository in lived.world.repositories.values():
        for pull in repository.pulls.values():
            comment(lived.world, pull, lived.world.user("dev-2"))


def test_refusals_in_words_only_are_waited_for_and_hold_no_slot(
    untouched: Resources, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with history(untouched, 2002, repositories=1, steps=STEPS) as lived, time_passes(monkeypatch, lived) as slept:
        lived.github.faults.plan("403 words", after=3, times=2)
        lived.sync()
        assert [round(seconds) for seconds in slept] == [60]
        waiting = "SELECT count(*) FROM report WHERE kind = 'sync' AND status = 'queued' AND not_before > now()"
        assert one(untouched, waiting) == 1, "120 seconds are too long for a slot"
        asked = len(lived.github.asked)
        assert lived.go_on() == 0
        assert len(lived.github.asked) == asked
        lived.pass_seconds(130)
        lived.go_on()
        assert lived.differences() == []


def test_two_sources_share_the_limit_of_one_token_and_never_ask_beyond_it(
    untouched: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    with history(untouched, 2003, repositories=1, steps=STEPS, limit=25) as lived, time_passes(monkeypatch, lived):
        second = f"{lived.name}-again"
        lived.add_source(second)
        hours = 0
        while one(untouched, "SELECT count(*) FROM source WHERE synced_at IS NULL AND name LIKE 'org-2003%'"):
            lived.go_on_together(2)
            lived.pass_seconds(3700)
            hours += 1
        assert hours > 2
        assert {asked.status for asked in lived.github.asked} <= {200, 304}
        assert lived.differences() == []


def test_a_token_that_expires_pauses_the_source_and_a_new_one_goes_on(untouched: Resources) -> None:
    with history(untouched, 2004, repositories=1, pulls=3, steps=STEPS) as lived:
        lived.github.faults.plan("401 expired", after=12)
        lived.sync()
        (paused,) = rows(untouched, "SELECT enabled, paused_reason FROM source WHERE name = :name", name=lived.name)
        assert not paused[0]
        assert "does not accept the token (Bad credentials)" in paused[1]
        assert lived.token not in paused[1]
        lived.world.token("ghp_" + "n" * 36)
        SourceService(untouched).change(lived.name, lived.options(), GivenToken(token="ghp_" + "n" * 36))
        SourceService(untouched).resume(lived.name)
        lived.sync()
        assert lived.differences() == []


def test_renamed_repositories_keep_their_rows_and_the_next_owner_of_a_name_gets_its_own(
    untouched: Resources, hurried: None
) -> None:
    with history(untouched, 2005, repositories=2, steps=STEPS) as lived:
        lived.sync()
        first, second = lived.world.repositories.values()
        lived.world.rename(first, f"{lived.name}/store")
        lived.sync(changes=6)
        assert {row[0] for row in entities(lived)} == {f"{lived.name}/store", f"{lived.name}/shop-2"}
        other = lived.world.create_repository(f"{lived.name}/shop-1")
        open_pull(lived.world, other, lived.world.user("dev-1"))
        # The two swap their names.
        lived.world.rename(second, f"{lived.name}/for-a-moment")
        lived.world.rename(first, f"{lived.name}/shop-2")
        lived.world.rename(second, f"{lived.name}/store")
        lived.sync(changes=6)
        lived.quiet_syncs()
        assert lived.differences() == []


def test_what_a_pull_request_reverts_is_known_after_its_repository_was_renamed(untouched: Resources) -> None:
    with history(untouched, 2007, repositories=1, pulls=2, steps=0) as lived:
        (repository,) = lived.world.repositories.values()
        ada, merged = lived.world.user("ada"), repository.pulls[1]
        merge(lived.world, repository, merged, ada)
        taken_back = revert(lived.world, repository, merged, ada)
        lived.world.rename(repository, f"{lived.name}/store")
        lived.sync()
        query = "SELECT number, reverts FROM pull_request JOIN entity ON id = repo_id WHERE key = :key AND reverts > 0"
        assert rows(untouched, query, key=repository.full_name) == [(taken_back.number, merged.number)]
        assert lived.differences() == []
        lived.reprocess()
        assert lived.differences() == []


def entities(lived: History) -> list[tuple[Any, ...]]:
    """Names of repositories that have rows."""
    query = "SELECT key FROM entity WHERE kind = 'repository' AND key LIKE :pattern"
    return rows(lived.resources, query, pattern=f"{lived.name}/%")


def test_a_repository_that_takes_the_name_of_a_deleted_one_does_not_take_its_rows(untouched: Resources) -> None:
    with history(untouched, 2006, repositories=1, pulls=2, steps=STEPS) as lived:
        lived.sync()
        (deleted,) = lived.world.repositories.values()
        assert len(deleted.pulls) > 1
        lived.world.delete_repository(deleted)
        made = lived.world.create_repository(deleted.full_name)
        open_pull(lived.world, made, lived.world.user("dev-3"))
        lived.quiet_syncs()
        of_the_new_one = [each for each in lived.differences() if f"(number {deleted.id})" not in each]
        assert of_the_new_one == []
        assert f"{deleted.full_name} (number {deleted.id})" in {row[0] for row in entities(lived)}


def test_repositories_that_can_no_longer_be_read_are_states_with_gaps_and_the_others_go_on(
    untouched: Resources,
) -> None:
    with history(untouched, 2010, repositories=4, steps=STEPS) as lived:
        lived.sync()
        deleted, blocked, forbidden, kept = lived.world.repositories.values()
        deleted.state, blocked.state, forbidden.state = "deleted", "blocked", "forbidden"
        lived.sync(changes=5)
        lived.quiet_syncs()
        query = "SELECT repo_id, state FROM source_repository JOIN source ON id = source_id WHERE name = :name"
        assert dict(rows(untouched, query, name=lived.name)) == {
            deleted.id: "gone",
            blocked.id: "blocked",
            forbidden.id: "forbidden",
            kept.id: "ok",
        }
        assert [code for _, code in lived.gaps()] == ["blocked", "forbidden", "gone"]
        assert [each for each in lived.differences() if kept.full_name in each] == []


def test_lists_that_are_off_are_gaps_and_an_empty_repository_is_none(untouched: Resources) -> None:
    streams = ("pull_requests", "issues", "commits", "dependencies")
    with history(untouched, 2020, streams=streams, repositories=2, steps=STEPS) as lived:
        first, second = lived.world.repositories.values()
        first.off |= {"pulls", "issues"}
        second.off.add("sbom")
        lived.world.create_repository(f"{lived.name}/empty", empty=True)
        lived.sync()
        assert lived.differences() == []
        assert lived.gaps() == [("dependencies", "gone"), ("issues", "off"), ("pull_requests", "gone")]
        first.off.clear()
        lived.sync()
        assert lived.differences() == []
        assert lived.gaps() == [("dependencies", "gone")]


class Killed(BaseException):
    """The worker is dead: nothing that it would still do happens."""


class Deadly:
    """Counts what a worker does, and from one moment on lets it do nothing more."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = 0
        self.last: int | None = None
        for kind, name in ((ApiClient, "get"), (ObjectStore, "put_bytes"), (lifecycle, "fence")):
            monkeypatch.setattr(kind, name, self._watched(getattr(kind, name)))
        event.listen(engine, "commit", self.on_commit)

    def on_commit(self, _: object) -> None:
        self.count()

    def _watched(self, act: Any) -> Any:
        def watched(*args: Any, **named: Any) -> Any:
            self.count()
            result = act(*args, **named)
            self.count()
            return result

        return watched

    def count(self) -> None:
        self.moment += 1
        if self.last is not None and self.moment >= self.last:
            raise Killed

    @contextmanager
    def after(self, moments: int) -> Iterator[None]:
        self.moment, self.last = 0, moments
        try:
            yield
        finally:
            self.last = None


@pytest.fixture
def deadly(untouched: Resources, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deadly]:
    made = Deadly(untouched.engine, monkeypatch)
    yield made
    event.remove(untouched.engine, "commit", made.on_commit)


def test_a_sync_that_dies_between_new_names_and_new_rows_leaves_each_row_with_its_repository(
    untouched: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    with history(untouched, 2041, repositories=2, pulls=3, steps=STEPS) as lived:
        lived.sync()
        first, second = lived.world.repositories.values()
        names = first.full_name, second.full_name
        lived.world.rename(first, f"{lived.name}/for-a-moment")
        lived.world.rename(second, names[0])
        lived.world.rename(first, names[1])
        with monkeypatch.context() as patched:
            patched.setattr(Run, "_read_streams", die)
            with pytest.raises(Killed):
                lived.sync()
        assert lived.differences() == [], "nothing has changed but the names, and rows go by numbers"
        lived.take_over()
        lived.quiet_syncs()
        assert lived.differences() == []


#: After so many moments a worker dies: a request, an object, a fence or a commit, before it or behind it.
MOMENTS = range(1, 90, 2) if PROFILE == "long" else (1, 3, 7, 14, 22, 33, 46, 60)


def test_a_worker_that_dies_at_any_moment_leaves_what_another_goes_on_with(
    untouched: Resources, deadly: Deadly
) -> None:
    with history(untouched, 2030, streams=("pull_requests", "commits"), repositories=1, steps=10) as lived:
        died = 0
        for moment in MOMENTS:
            lived.changes.steps(4)
            SourceService(untouched).sync(lived.name)
            lived.pass_seconds(300)
            try:
                with deadly.after(moment):
                    lived.go_on()
            except Killed:
                died += 1
                lived.take_over()
        assert died >= 5
        lived.quiet_syncs()
        assert lived.differences() == []

"""A run that ends at any step of sealing or unsealing leaves a week as it was, or as it was to be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.series.sealed import format as sealed_format
from app.series.sealed import records
from app.series.sealed import seal as seal_module
from app.series.sealed import unseal as unseal_module
from app.series.sealed.seal import Outcome
from app.storage.object_store import ObjectStore
from app.storage.resources import Resources
from tests.series.sealed.weeks import FIRST, SECOND, at, bring, in_bucket, kept, seal_week, sealed, some_polls

POLLS = some_polls(stores=3, each=10)
LATE = ("store 1", "inactive", at(FIRST, 5000))


class Killed(BaseException):
    """As a kill: nothing that handles errors handles it."""


def dies(owner: Any, name: str, *, after: bool = False, passing: int = 0) -> Callable[[pytest.MonkeyPatch], None]:
    """Die before a function, or after it; ``passing`` calls pass."""

    def install(patch: pytest.MonkeyPatch) -> None:
        real, calls = getattr(owner, name), iter(range(100))

        def dying(*arguments: Any, **options: Any) -> Any:
            if next(calls) < passing:
                return real(*arguments, **options)
            if after:
                real(*arguments, **options)
            raise Killed

        patch.setattr(owner, name, dying)

    return install


SEALING = {
    "before the snapshot": dies(seal_module, "take_snapshot"),
    "before a poll is read": dies(seal_module, "read_columns"),
    "before a file is stored": dies(ObjectStore, "put"),
    "when one of several files is stored": dies(ObjectStore, "put", after=True, passing=1),
    "when a file is read back": dies(seal_module, "sha256_of_stream", after=True),
    "before the turn": dies(seal_module, "take_turn"),
    "with the turn": dies(seal_module, "take_turn", after=True),
    "when a file is named": dies(records, "add_file", after=True),
    "when the week is marked": dies(records, "mark_sealed", after=True),
    "before the commit": dies(seal_module, "_swap", after=True),
}

UNSEALING = {
    "before a file is read": dies(unseal_module, "read"),
    "in the middle of the files": dies(unseal_module, "read", passing=1),
    "when all polls are back": dies(unseal_module, "write_columns", after=True),
    "when a week is attached": dies(unseal_module, "_bring_back", after=True),
    "when its files are retired": dies(records, "retire", after=True),
}


@pytest.fixture(autouse=True)
def many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_format, "GROUP_ROWS", 10)


def test_a_death_in_sealing_leaves_the_week_as_it_was(resources: Resources, tmp_path: Path) -> None:
    bring(resources, POLLS, tmp_path)
    for number, (step, dying) in enumerate(SEALING.items()):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(seal_module, "_take_back", lambda *_: None)  # a dead process tidies up nothing
            dying(patch)
            with pytest.raises(Killed):
                seal_week(resources, FIRST, tmp_path, run_id=f"run-{number}", file_bytes=1)
        assert (sealed(resources), kept(resources)) == ([], sorted(POLLS)), step
    left = in_bucket(resources)
    assert left
    assert seal_week(resources, FIRST, tmp_path, run_id="next", file_bytes=1).outcome is Outcome.SEALED
    assert (sealed(resources), kept(resources)) == ([FIRST], sorted(POLLS))
    with resources.engine.connect() as connection:
        assert records.named(connection, left) == set()


def test_a_death_after_the_commit_leaves_the_week_sealed(resources: Resources, tmp_path: Path) -> None:
    bring(resources, POLLS, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        dies(seal_module, "_publish", after=True)(patch)
        with pytest.raises(Killed):
            seal_week(resources, FIRST, tmp_path)
    assert (sealed(resources), kept(resources)) == ([FIRST], sorted(POLLS))


def test_a_death_in_unsealing_leaves_the_week_sealed(resources: Resources, tmp_path: Path) -> None:
    bring(resources, POLLS, tmp_path)
    for week in (FIRST, SECOND):
        seal_week(resources, week, tmp_path, file_bytes=1)
    files = in_bucket(resources)
    for step, dying in UNSEALING.items():
        with pytest.MonkeyPatch.context() as patch:
            dying(patch)
            with pytest.raises(Killed):
                bring(resources, [LATE], tmp_path)
        assert (sealed(resources), kept(resources)) == ([FIRST, SECOND], sorted(POLLS)), step
    bring(resources, [LATE], tmp_path)
    assert (sealed(resources), kept(resources)) == ([SECOND], sorted([*POLLS, LATE]))
    assert in_bucket(resources) == files

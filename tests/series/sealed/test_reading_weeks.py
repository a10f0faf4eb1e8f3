"""The polls of sealed weeks are those that a plain SELECT found before; a file that is not as it was is an error."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import ObjectStoreUnavailable, SealedWeekDamaged
from app.series import poll_reading
from app.series.sealed import format as sealed_format
from app.series.sealed import reading
from app.series.sealed.reading import placed
from app.series.snapshots import take_snapshot
from app.settings import Settings
from app.storage.object_store import ObjectStore
from app.storage.resources import Addresses, Resources
from app.timeline.entities import Entities
from tests import sealed
from tests.conftest import fresh_resources
from tests.series.test_polls import END, MONDAY, WINDOWS, Poll, chosen, load_three_weeks, plain, read
from tests.strategies import examples

SCOPES: tuple[poll_reading.Scope, ...] = ("all", "range", "listed")


@dataclass(frozen=True, slots=True)
class Store:
    """Three weeks of polls, of which some are sealed, and what a plain SELECT found before of each scope and window."""

    resources: Resources
    entities: dict[poll_reading.Scope, Entities]
    expected: dict[tuple[poll_reading.Scope, str], list[Poll]]


@pytest.fixture(scope="module", params=["the first", "the second", "all"])
def store(
    request: pytest.FixtureRequest,
    servers: Addresses,
    session_settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    with fresh_resources(servers, session_settings) as resources, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_format, "GROUP_ROWS", 1000)
        everyone = load_three_weeks(resources, tmp_path_factory.mktemp("series"))
        entities: dict[poll_reading.Scope, Entities] = {
            "all": everyone,
            "range": everyone.part(10, 25),
            "listed": chosen(everyone, [3, 4, 17, 38, 39]),
        }
        expected = {
            (scope, window): plain(resources, entities[scope], *WINDOWS[window])
            for scope in SCOPES
            for window in WINDOWS
        }
        weeks = sealed.weeks_of(resources)
        sealed.seal(
            resources,
            {"the first": weeks[:1], "the second": weeks[1:2], "all": weeks}[request.param],
            file_bytes=30_000,
        )
        yield Store(resources, entities, expected)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("connections", [1, 3])
def test_every_scope_reads_what_a_plain_select_read(
    store: Store, scope: poll_reading.Scope, window: str, connections: int
) -> None:
    found = read(store.resources, store.entities[scope], scope, *WINDOWS[window], connections=connections)
    assert found == store.expected[scope, window]


@pytest.fixture
def one_week(resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Resources, Entities]:
    """The first of three weeks is sealed, in one file of many row groups."""
    monkeypatch.setattr(sealed_format, "GROUP_ROWS", 1000)
    everyone = load_three_weeks(resources, tmp_path)
    sealed.seal(resources, sealed.weeks_of(resources)[:1])
    return resources, everyone


def the_file(store: ObjectStore) -> tuple[str, bytes]:
    (file,) = [found for page in store.pages("sealed/") for found in page]
    return file.key, store.get_bytes(file.key)


def test_an_object_that_is_missing_or_of_another_size_is_named(one_week: tuple[Resources, Entities]) -> None:
    resources, everyone = one_week
    store = resources.object_store
    key, content = the_file(store)
    for other in (None, b"", content[:-1], content + b"x", content[:-1000]):
        store.remove([key])
        if other is not None:
            store.put_bytes(other, key, media_type="text/plain")
        for scope in SCOPES:
            with pytest.raises(SealedWeekDamaged, match=r"there is no such object of .* bytes") as told:
                read(resources, everyone, scope, 0, END)
            assert key in told.value.message
            assert not told.value.retryable
    # Who needs no poll of that week is not disturbed.
    assert len(read(resources, everyone, "all", MONDAY + 7 * 86_400_000_000, END)) > 19_000


def test_an_object_with_any_other_bit_is_an_error_and_never_another_poll(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_format, "GROUP_ROWS", 100)
    polls = [(entity, MONDAY + 60_000_000 * poll + entity, poll % 3) for entity in range(5) for poll in range(60)]
    columns = zip(*polls, strict=True)
    block = {
        name: np.array(column, np.int64) for name, column in zip(("entity_id", "at", "active"), columns, strict=True)
    }
    (written,) = sealed_format.write([block], tmp_path)
    content, store = written.path.read_bytes(), resources.object_store
    dice = np.random.default_rng(5)
    noticed, tries = 0, examples(400)
    for _ in range(tries):
        changed = bytearray(content)
        changed[dice.integers(len(content))] ^= 1 << int(dice.integers(8))
        key = f"sealed/{dice.integers(2**40)}"
        store.put_bytes(changed, key, media_type="text/plain")
        file = placed(written, key)
        try:
            found = list(reading.read(store, file, [(1, 3)]))
        except SealedWeekDamaged:
            noticed += 1
        else:
            rows = zip(*(np.concatenate([one[name] for one in found]).tolist() for name in block), strict=True)
            assert list(rows) == polls[60:240]
    assert noticed > tries / 4  # three fifths of the polls are read


def test_a_bucket_that_does_not_answer_is_tried_again(one_week: tuple[Resources, Entities]) -> None:
    resources, everyone = one_week
    away = ObjectStore(replace(resources.object_store.address, endpoint_url="http://127.0.0.1:1"))
    source = poll_reading.PollSource(resources.engine, lambda: away)
    with pytest.raises(ObjectStoreUnavailable) as told, take_snapshot(resources.engine) as shown:
        poll_reading.read(
            source,
            shown,
            everyone,
            first=0,
            last=END,
            scope="all",
            connections=2,
            consume=lambda *_: None,
            progress=lambda _: None,
        )
    assert told.value.retryable
    away.close()

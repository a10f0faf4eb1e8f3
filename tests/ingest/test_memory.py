"""What a load remembers of a file is bounded, however many texts it has and however long they are."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from app.ingest import keys
from app.ingest.csv import checker
from app.ingest.csv.checker import Checker
from app.ingest.csv.memory import ENTRY_BYTES, Memory
from app.ingest.doubts import REMEMBERED_BYTES, Doubts
from app.ingest.keys import KeyIds
from app.ingest.kind import Rows, Values
from app.ingest.policy import Limits, Policy
from app.ingest.registry import DATASET_KINDS
from app.ingest.rejects import Rejects
from app.series import new_entities
from app.storage.resources import Resources
from tests.conftest import NOW, LoadText
from tests.ingest.checking import Bytes

LIMIT_BYTES = 16 << 20

#: Texts of a block of 4 MiB whose keys are as long as keys may be, of characters of four bytes.
LONG = [f"{number:05}" + "\N{SLICE OF PIZZA}" * 250 for number in range(4_000)]


def test_long_texts_take_no_more_than_short_ones() -> None:
    remembered, known = Memory(LIMIT_BYTES), dict[str, int]()
    tracemalloc.start()
    for block in range(20):
        remembered.keep(known, {f"{block}{text}": 10_000 + number for number, text in enumerate(LONG)})
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0 < taken < LIMIT_BYTES * 1.1


def test_short_texts_take_no_more_than_is_reckoned() -> None:
    remembered, known = Memory(LIMIT_BYTES), dict[str, int]()
    tracemalloc.start()
    most = 0
    for block in range(40):
        remembered.keep(known, {f"{number:x}": number for number in range(block * 5_000, block * 5_000 + 5_000)})
        most = max(most, tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert LIMIT_BYTES / 2 < most < LIMIT_BYTES * 1.1


def test_dictionaries_share_the_bound_and_keep_what_came_first() -> None:
    remembered = Memory(5 * (ENTRY_BYTES + 50))
    first, second = dict[str, int](), dict[str, int]()
    remembered.keep(first, {"a": 1, "b": 2})
    remembered.keep(second, {"c": 3, "d": 4})
    remembered.keep(second, {"e": 5, "f": 6})
    assert (first, second) == ({"a": 1, "b": 2}, {"c": 3, "d": 4})
    remembered.keep(first, {"g": 7})
    assert first == {"a": 1, "b": 2, "g": 7}


def test_ids_of_keys_that_are_not_remembered_are_looked_up_again(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[list[str]] = []
    look_up = new_entities.ids_of
    monkeypatch.setattr(
        new_entities, "ids_of", lambda *given, **options: made.append(given[2]) or look_up(*given, **options)
    )
    monkeypatch.setattr(keys, "REMEMBERED_BYTES", 3 * (ENTRY_BYTES + 200))
    with resources.engine.begin() as connection:
        ids = KeyIds(connection, "store")

        def of(*wanted: str) -> list[int]:
            return ids.of(Values(np.arange(len(wanted)), np.array(wanted, dtype=object))).tolist()

        first = of("a" * 100, "b" * 100)
        assert of("b" * 100, "a" * 100) == first[::-1]
        second = of("c" * 100, "d" * 100)
        assert of("a" * 100, "d" * 100, "c" * 100) == [first[0], *second[::-1]]
    assert [[key[0] for key in new] for new in made] == [["a", "b"], ["c", "d"], ["d", "c"]]


def test_a_file_of_more_keys_than_are_remembered_is_loaded_whole(
    load_text: LoadText, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "REMEMBERED_BYTES", 1_000)
    monkeypatch.setattr(checker, "REMEMBERED_BYTES", 1_000)
    assert load_text("timezones", "store_id,timezone_str\n" + "".join(f"s{n},UTC\n" for n in range(500))) == 500


def blocks(content: str) -> Iterator[int]:
    source = Bytes(content.encode())
    checking = Checker(DATASET_KINDS["timezones"], source, policy=Policy(), limits=Limits(), now=NOW, rejects=Rejects())
    return map(len, checking.rows())


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_block_of_very_short_lines_is_checked_in_parts(quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "BLOCK_LINES", 100)
    content = "store_id,timezone_str\n" + "".join(f"{quote}s{n}{quote},UTC\n" for n in range(1_000))
    sizes = list(blocks(content))
    assert sum(sizes) == 1_000
    assert max(sizes) <= 150


def test_looking_for_damaged_keys_remembers_no_more_than_is_allowed() -> None:
    doubts = Doubts(DATASET_KINDS["polls"])
    tracemalloc.start()
    for block in range(20):
        texts = np.array([f"{block}{text}" for text in LONG], dtype=object)
        doubts.look_at(Rows({"store_id": Values(np.arange(len(LONG)), texts)}, 0, len(LONG)))
        del texts
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < REMEMBERED_BYTES * 1.1

"""The numbers of entities by their ids."""

import tracemalloc

import pytest

from app.timeline.entities import Entities
from tests.engine import array


@pytest.mark.parametrize("ids", [[], [7], [3, 4, 6], [1, 2_000_000_000]], ids=["none", "one", "dense", "far apart"])
def test_an_id_has_its_number_however_far_apart_ids_are(ids: list[int]) -> None:
    entities = Entities(array(ids), [str(one) for one in ids])
    asked = array([0, 1, 3, 4, 5, 6, 7, 8, 2_000_000_000, 2_100_000_000])
    tracemalloc.start()
    numbers = entities.numbers(asked)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert numbers.tolist() == [ids.index(one) if one in ids else -1 for one in asked.tolist()]
    assert peak < 1 << 20

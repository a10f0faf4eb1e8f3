"""Kinds, keys and polls as people ask for them."""

import pytest
from sqlalchemy import text

from app.series import lookup
from app.series.versions import known
from app.storage.resources import Resources
from tests.series.made import ensure_entities


@pytest.mark.parametrize("kinds", [[], ["store"], ["site", "store", "team"], ["", "Ä", "a", "b"]])
def test_each_kind_is_listed_once(resources: Resources, kinds: list[str]) -> None:
    with resources.engine.begin() as connection:
        for kind in kinds:
            ensure_entities(connection, kind, ["1", "2", "3"])
        assert sorted(lookup.kinds(connection)) == sorted(kinds)


def test_keys_beside_one_are_the_next_ones_on_both_sides(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        ensure_entities(connection, "store", [f"{number:03}" for number in range(0, 200, 2)])
        ensure_entities(connection, "team", ["101"])
        assert lookup.keys_beside(connection, "store", "101") == [f"{number:03}" for number in range(82, 122, 2)]
        assert lookup.keys_beside(connection, "store", "") == [f"{number:03}" for number in range(0, 20, 2)]


def test_a_key_is_compared_with_all_of_its_kind(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        ensure_entities(connection, "team", [*(f"team {number:03}" for number in range(200)), "Mobile", "Zebra"])
        ensure_entities(connection, "repository", ["openhours/api", *(f"openhours/{n:03}" for n in range(200))])
        assert lookup.comparison(connection, "team", ["mobile", "zebras", "Mobiel", "?"]).nearest() == {
            "mobile": ["Mobile"],
            "zebras": ["Zebra"],
            "Mobiel": ["Mobile"],
            "?": [],
        }
        assert lookup.comparison(connection, "repository", ["api"]).nearest() == {"api": ["openhours/api"]}
        assert lookup.comparison(connection, "site", ["api"]).nearest() == {"api": []}


def test_of_a_kind_with_many_keys_those_beside_it_are_compared(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "COMPARED", 100)
    with resources.engine.begin() as connection:
        ensure_entities(connection, "store", [f"{number:03}" for number in range(0, 202, 2)])
        compared = lookup.comparison(connection, "store", ["200x", "x000"])
    assert compared.nearest() == {"200x": ["200"], "x000": []}


def test_keys_that_nobody_can_read_are_not_compared(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        ensure_entities(connection, "team", ["core", "core" + "x" * 600])
        assert lookup.comparison(connection, "team", ["cor"]).nearest() == {"cor": ["core"]}


def test_keys_and_kinds_are_found_in_the_index_however_many_there_are(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO entity (kind, key) SELECT 'store', md5(n::text) FROM generate_series(1, 50000) AS n")
        )
        connection.execute(text("ANALYZE entity"))
        plan = "\n".join(
            connection.scalars(
                text(
                    f"EXPLAIN SELECT id, kind, key, {lookup._ZONE.format(known=known(None))} FROM entity "
                    "WHERE kind = 'store' AND starts_with(key, 'abc') AND key > '' ORDER BY key LIMIT 50"
                )
            )
        )
    assert "entity_kind_key" in plan
    assert "Seq Scan" not in plan

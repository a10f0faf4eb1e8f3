"""Pages of an API to rows, as expressions see them."""

import gzip
from typing import Any

import pytest

from app.ingest.pages import records
from app.ingest.pages.envelope import Envelope, packed, unpacked
from app.ingest.pages.plan import ChildPages, PagePlan
from app.ingest.pages.records import record_blocks, rows

PLAN = PagePlan(
    source="a",
    stream="pulls",
    version=1,
    key="number",
    children=(ChildPages(name="reviews"), ChildPages(name="detail", single=True)),
)

THEN = {"id": 7, "name": "acme/old", "default_branch": "main"}
TODAY = {7: {"id": 7, "name": "acme/new", "default_branch": "trunk"}}


def envelope(body: Any, **others: Any) -> Envelope:
    about = {"stream": "pulls", "scope": "7", "request": {}, "status": 200, "headers": {}, "at": "", "repo": THEN}
    return Envelope(body=body, **about | others)


def child(name: str, of: int, body: Any, **others: Any) -> Envelope:
    return envelope(body, child=name, of=str(of), **others)


PAGES = [
    child("reviews", 1, {"list": [{"id": 10}, {"id": 11}]}, items="list"),
    child("reviews", 1, {"list": [{"id": 12}]}, items="list"),
    child("detail", 1, {"size": 5}),
    child("detail", 3, {"size": 6}),
    envelope({"all": [{"number": 1}, {"number": 2}, {"number": 3}]}, items="all", taken=["1", "2"]),
    child("detail", 2, {"size": 7}),
    envelope([{"number": 2}], taken=["2"], is_gone=True),
    child("detail", 9, {"size": 8}),
]


def plain(plan: PagePlan, **changes: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in rows(PAGES, plan.model_copy(update=changes), TODAY)]


def test_each_item_that_was_taken_is_a_record_with_its_children_and_the_name_of_today() -> None:
    first, second, again = plain(PLAN)
    about = {"_repo": TODAY[7], "_owner": None, "_gone": False, "_at": ""}
    assert first == {"number": 1, "reviews": [{"id": 10}, {"id": 11}, {"id": 12}], "detail": {"size": 5}, **about}
    assert second == {"number": 2, "reviews": [], "detail": None, **about}
    assert again == {"number": 2, "reviews": [], "detail": {"size": 7}, **about, "_gone": True}


def test_a_repository_that_nobody_knows_any_more_is_called_as_it_was_then() -> None:
    assert next(rows(PAGES, PLAN, {}))["_repo"] == THEN


def test_elements_of_a_list_are_rows_that_know_their_item_without_its_children() -> None:
    found = plain(PLAN, each="reviews")
    assert [row["id"] for row in found] == [10, 11, 12]
    item = {"number": 1, "_repo": TODAY[7], "_owner": None, "_gone": False, "_at": ""}
    assert found[0] == {"id": 10, "_item": item, "_repo": TODAY[7], "_owner": None, "_gone": False, "_at": ""}
    assert [row["value"] for row in plain(PLAN, each="reviews[].id")] == [10, 11, 12]


@pytest.mark.parametrize(
    ("keep", "numbers"),
    [
        ("number", [1, 2, 2]),
        ("reviews", [1]),
        ("detail.size", [1, 2]),
        ("`0`", [1, 2, 2]),
        ("''", []),
        ("`false`", []),
        ("nothing", []),
        ("_gone", [2]),
    ],
)
def test_records_are_kept_for_which_an_expression_finds_something_true(keep: str, numbers: list[int]) -> None:
    assert [row["number"] for row in plain(PLAN, keep=keep)] == numbers
    assert [row["number"] for row in plain(PLAN, keep_rows=keep)] == numbers


def test_rows_come_as_texts_in_blocks_of_a_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_BATCH", 2)
    blocks = list(record_blocks(PAGES, PLAN, TODAY, ["number", "detail.size", "_gone"]))
    assert [block.lines.tolist() for block in blocks] == [[1, 2], [3]]
    assert blocks[0].texts["detail.size"].to_pylist() == ["5", ""]
    assert blocks[1].texts["_gone"].to_pylist() == ["true"]
    monkeypatch.setattr(records, "_BATCH_CHARACTERS", 1)
    assert len(list(record_blocks(PAGES, PLAN, TODAY, ["number"]))) == 3


def test_an_object_gives_its_envelopes_again_and_parses_no_body_that_nobody_needs() -> None:
    content = packed(PAGES)
    again = list(unpacked(gzip.decompress(content)))
    told = [(one.child, one.of, one.items, list(one.taken), one.is_gone, one.body) for one in again]
    assert told == [(one.child, one.of, one.items, list(one.taken), one.is_gone, one.body) for one in PAGES]
    assert packed(unpacked(gzip.decompress(content))) == content
    lines = gzip.decompress(content).replace(b'{"size":5}', b"{broken")
    without = PLAN.unused_children(["number", "reviews[0]"])
    assert without == {"detail"}
    assert [one.child for one in unpacked(lines, without=without)] == ["reviews", "reviews", None, None]
    assert PLAN.model_copy(update={"keep": "detail.size > `1`"}).unused_children(["number"]) == {"reviews"}

"""Names like one that nobody has."""

import pytest

from app.wording import suggestions as module
from app.wording.suggestions import NEAREST, suggestions, suggestions_for_each

#: Two hundred names between which the one that was meant is hidden.
MANY = [f"team {number:03}" for number in range(200)]


@pytest.mark.parametrize(
    ("asked", "known", "found"),
    [
        ("mobile", ["Mobile"], ["Mobile"]),
        (" MOBILE ", ["Mobile"], ["Mobile"]),
        ("STRASSE", ["Straße"], ["Straße"]),
        ("api", ["openhours/api"], ["openhours/api"]),
        ("openhours/api", ["api"], ["api"]),
        ("Knight", ["Night"], ["Night"]),
        ("serch", ["Search"], ["Search"]),
        ("Wbe", ["Web"], ["Web"]),
        ("Moblie", ["Mobile"], ["Mobile"]),
        ("zzz", ["Mobile"], []),
        ("", ["Mobile"], []),
        ("x", ["Matrix"], []),  # a letter is no part of a name
    ],
)
def test_the_one_that_was_meant_is_found_among_two_hundred(asked: str, known: list[str], found: list[str]) -> None:
    assert suggestions(asked, known) == found
    assert suggestions(asked, MANY[:100] + known + MANY[100:]) == found


def test_the_same_spelling_comes_first_then_a_part_then_a_similar_one() -> None:
    known = ["apis/web", "Apu", "API", "api-gateway", "ape", "my-api"]
    assert suggestions("api", known) == ["API", "my-api", "apis/web"]
    assert suggestions("api", ["Apu", "my-api", "ape"]) == ["my-api", "Apu", "ape"]


def test_two_that_differ_in_case_alone_are_both_told() -> None:
    assert suggestions("WEB", ["Web", "web"]) == ["Web", "web"]


def test_no_more_are_told_than_a_reader_wants() -> None:
    assert suggestions("team 007", MANY)[0] == "team 007"
    assert len(suggestions("team", MANY)) == len(suggestions("taem 1", MANY)) == NEAREST


def test_no_spelling_is_guessed_for_a_long_text() -> None:
    long = "a" * 100
    assert suggestions(long, [long[:-1] + "b", long + "c"]) == [long + "c"]
    assert suggestions(long * 1000, [long]) == [long]


def test_the_work_for_one_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMPARED_CHARACTERS", 15)
    assert suggestions_for_each(["Core", "Webs"], ["core", "web"]) == {"Core": ["core"], "Webs": ["web"]}
    assert suggestions_for_each(["Core", "Webs"], ["core", "web", "ops"]) == {"Core": ["core"], "Webs": []}
    assert suggestions_for_each(["Core"], ["core" * 10]) == {"Core": ["core" * 10]}
    assert suggestions_for_each(["Core"], []) == {"Core": []}


def test_letters_are_compared_by_a_library_in_c_and_only_the_first_of_long_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    extracted = []

    def extract(asked: str, names: dict[str, str], **options: object) -> list[object]:
        extracted.append((asked, max(map(len, names.values()))))
        return []

    monkeypatch.setattr(module.process, "extract", extract)
    suggestions("a" * 64, ["b" * 100_000, "c"])
    suggestions("a" * 65, ["b"])
    assert extracted == [("a" * 64, module.LOOKED_AT)]

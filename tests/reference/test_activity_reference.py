"""The twin of activity, by figures that were worked out by hand."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from tests.reference.activity import File, Installs, Row, month, recent, total


def arrived(day: int, hour: int = 12) -> datetime:
    return datetime(2024, 3, day, hour, tzinfo=UTC)


D1, D2, D3 = (date(2024, 3, day) for day in (1, 2, 3))


def test_the_file_that_arrived_last_counts_whichever_came_first() -> None:
    older = File(arrived(9), "files", False, (Row("a", D1, count=5), Row("b", D1, count=1)))
    newer = File(arrived(10), "files", False, (Row("a", D1, count=7),))
    for order in ((older, newer), (newer, older)):
        twin = Installs([(True, file) for file in order])
        assert twin.days("files", "a", [D1, D2]) == {D1: Counter(unknown_ci=7)}
        assert twin.days("files", "b", [D1, D2]) == {D1: Counter()}
        assert twin.days("elsewhere", "a", [D1, D2]) == {}


def test_what_a_file_replaced_does_not_come_back() -> None:
    older = File(arrived(9), "files", False, (Row("a", D1), Row("a", D2)))
    newer = File(arrived(10), "files", True, (Row("a", D1),))
    twin = Installs([(True, older), (True, newer), (False, newer)])
    assert twin.days("files", "a", [D1, D2]) == {D2: Counter(unknown_ci=1)}
    assert twin.days("files", "b", [D1, D2]) == {D1: Counter(), D2: Counter()}
    twin.load(older)
    assert list(twin.days("files", "a", [D1, D2])) == [D1, D2]


def test_a_named_project_is_told_of_on_the_days_of_its_rows_and_on_those_that_are_said() -> None:
    file = File(arrived(4), "files", True, (Row("A_b", D1), Row("c", D3)))
    assert [file.tells_of(project, day) for project in ("a-b", "c") for day in (D1, D3)] == [True, False, False, True]
    said = File(arrived(3), "files", True, (Row("A_b", D1),), between=(D2, D3))
    assert [said.tells_of(project, day) for project in ("a-b", "c") for day in (D2, D3)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("row", "of_whom"),
    [
        (Row("a", date(2024, 2, 23), "pip", "19.1"), "person"),
        (Row("a", date(2024, 2, 22), "pip", "19.1"), "unknown_ci"),
        (Row("a", D1, "pip", "19.0.3"), "unknown_ci"),
        (Row("a", D1, "pip", "9.0.1"), "unknown_ci"),
        (Row("a", D1, "uv", "0.1.2"), "person"),
        (Row("a", D1, "pip", "24.0", "true"), "ci"),
        (Row("a", D1, "Artifactory", "7.1"), "mirror"),
        (Row("a", D1, "Homebrew"), "unknown_ci"),
        (Row("a", D1), "unknown_ci"),
        (Row("a", D1, "requests", "2.31"), "other"),
    ],
)
def test_an_install_is_of_someone(row: Row, of_whom: str) -> None:
    assert row.of_whom == of_whom


def test_names_of_a_moved_project_count_together() -> None:
    file = File(arrived(9), "files", True, (Row("old", D1, count=2), Row("new", D1, count=3), Row("new", D2)))
    twin = Installs([(True, file)], {"oldest": "old", "old": "new"})
    assert twin.names("old") == ["new", "old", "oldest"]
    assert twin.days("files", "oldest", [D1, D2]) == {D1: Counter(unknown_ci=5), D2: Counter(unknown_ci=1)}


def test_a_0_is_a_0_that_was_counted() -> None:
    days: dict[date, Counter[str]] = {date(2024, 2, day): Counter() for day in range(1, 30)} | {
        date(2024, 4, 2): Counter(ci=4)
    }
    assert [month(days, date(2024, number, 1)) for number in range(1, 6)] == [
        ("before_first", 0, None),
        ("complete", 29, Counter()),
        ("no_data", 0, None),
        ("partial", 1, Counter(ci=4)),
        ("no_data", 0, None),
    ]
    assert recent(days) == (date(2024, 3, 4), date(2024, 4, 2), 1, Counter(ci=4))
    assert total(days) == Counter(ci=4)
    assert (recent({}), total({}), month({}, D1)) == (None, None, ("no_data", 0, None))

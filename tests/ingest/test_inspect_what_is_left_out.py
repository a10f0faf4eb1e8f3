"""Columns that a proposal would leave out: what they say is read or asked for, as figures would be wrong without."""

import pytest

from tests.ingest.proposed import rows_as_proposed
from tests.ingest.test_inspect_as_written import look


def counted(*texts: str, name: str = "downloads") -> str:
    rows = (f'napari,2024-11-0{day},"{text}"\n' for day, text in enumerate(texts, 1))
    return f"project,date,{name}\n{''.join(rows)}"


@pytest.mark.parametrize("name", ["downloads", "count", "Anzahl", "Installs"])
def test_counts_with_commas_between_thousands_are_read(name: str) -> None:
    content = counted("1,234", "987", "1,234,567", name=name)
    assert (f"{name}: is '1,234' the whole number 1234? If not, change number.", "yes") in look(
        content
    ).proposal.questions
    assert [row[-1] for row in rows_as_proposed(content, "file.csv", "installs")] == [1234, 987, 1234567]


def test_points_between_thousands_are_asked_for_unless_there_are_two() -> None:
    found = look(counted("1.234", "987"))
    assert not found.may_be_accepted
    assert found.proposal.questions == (("downloads: is '1.234' the whole number 1234? If not, change number.", ""),)
    assert [row["count"] for row in found.rows] == [1234, 987]
    assert look(counted("1.234.567", "1.234")).may_be_accepted


@pytest.mark.parametrize("text", ["1 234", "1\u00a0234", "1\u202f234", "1.2k", "1,23,456", "12.34.5", "many"])
def test_counts_that_cannot_be_read_are_told(text: str) -> None:
    found = look(counted(text, "987"))
    assert not found.may_be_accepted
    ((asked, assumed),) = found.proposal.questions
    assert asked.startswith(f"downloads: is it count? Texts such as {text!r} cannot be read as a whole number.")
    assert assumed == ""


@pytest.mark.parametrize("text", ["", "-", "n/a", " "])
@pytest.mark.parametrize("others", [("987",), ()])
def test_rows_without_a_count_are_asked_for(text: str, others: tuple[str, ...]) -> None:
    found = look(counted(text, *others), kind="installs")
    assert not found.may_be_accepted
    asked = "downloads: 1 of the first rows have no number, and each would count as one. Leave them out with where, "
    assert (f"{asked}or write a number.", "") in found.proposal.questions


def test_a_row_for_each_download_needs_no_count() -> None:
    assert look("project,date\nnapari,2024-11-01\n").may_be_accepted


@pytest.mark.parametrize("header", ["First review", "Approved", "first_commit", "Ready for review", "Closed"])
@pytest.mark.parametrize("texts", [["2024-03-01 (Fri) 10:00"] * 2, ["1709287200", "1709287200000"], ["yesterday"] * 2])
def test_times_of_pull_requests_that_cannot_be_read_are_told(header: str, texts: list[str]) -> None:
    rows = (f"o/a,{number},2024-03-01T09:00Z,{text},2024-03-01T12:00Z\n" for number, text in enumerate(texts, 1))
    found = look(f"Repo,Number,Created,{header},Merged\n{''.join(rows)}")
    assert not found.may_be_accepted
    ((asked, assumed),) = found.proposal.questions
    assert asked.startswith(f"{header}: is it ")
    assert f"Texts such as {texts[0]!r} cannot be read as a timestamp." in asked
    assert assumed == ""


def test_sizes_of_pull_requests_with_signs_between_thousands_are_read() -> None:
    content = 'repo,number,created_at,lines_added\no/a,"1,042",2024-03-01T09:00Z,"1,200"\n'
    (row,) = look(content).rows
    assert (row["number"], row["additions"]) == (1042, 1200)

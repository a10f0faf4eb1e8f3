"""Real exports, spreadsheets and odd formats: each is read by the mapping that is proposed, or told why not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.ingest.inspection.inspect import Inspection, inspect
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import read_mapping
from tests.ingest.checking import check

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES = Path(__file__).parent.parent / "cases" / "files"

#: Kind and number of rows of each, counted by hand or by awk.
WHOLE = {
    "civij.csv": ("polls", 299),
    "german.csv": ("polls", 2),
    "utf16.csv": ("polls", 1),
    "semicolon.csv": ("polls", 1),
    "internet-down.csv": ("polls", 202),
    "langflow.csv": ("pull_requests", 10),
    "zephyr.csv": ("pull_requests", 7),
    "grine4ka.csv": ("pull_requests", 551),
    "bala.csv": ("pull_requests", 10),
    "prs_excel.csv": ("pull_requests", 1),
    "prs_sep.csv": ("pull_requests", 1),
    "prs_cp1252.csv": ("pull_requests", 1),
    "hours_us_excel.csv": ("hours", 1),
    "hours_fraction.csv": ("hours", 1),
    "hours_german_excel.csv": ("hours", 1),
}

#: What is told of formats that are not read as they are.
TOLD = {
    "est": "EST is an abbreviation that several places use",
    "leap": "it is a leap second; write the second after it",
    "h24": "a day ends at 23:59:59; write 00:00 of the next one",
    "us-date": "is '01/02/2025 13:00' day or month first? Set date to dmy or mdy.",
    "us-ampm": "is '1/2/2025 1:00:00 PM' day or month first? Set date to dmy or mdy.",
    "german": "has 4 fields instead of 3",
    "rfc2822": "has 4 fields instead of 3",
    "st-empty": "'' is not one of active, inactive, unknown",
    "h-closed": "'Closed' is not a time of day",
    "h-empty": "'' is not a time of day",
    "h-seven": "'7' is not a weekday from 0 (Monday) to 6 (Sunday)",
    "h-start24": "'24:00' is not a time of day",
    "h-tz": "'09:00-05:00' is not a time of day",
    "h-holiday": "no column seems to be ",
    "z": "'' is not a zone",
}


def look(path: Path, *kinds: str) -> Inspection:
    wanted = [DATASET_KINDS[kind] for kind in kinds] or list(DATASET_KINDS.values())
    return inspect(path.read_bytes(), name=path.name, kinds=wanted, now=NOW)


def told(found: Inspection) -> str:
    missing = [f"no column seems to be {name}" for name in found.proposal.missing]
    return "; ".join([*missing, *(text for text, _ in found.proposal.questions), *map(str, found.rejections)])


@pytest.mark.parametrize("name", WHOLE)
def test_a_real_export_is_read_by_the_mapping_that_is_proposed(name: str) -> None:
    kind, rows = WHOLE[name]
    found = look(FILES / name)
    assert (found.proposal.kind, found.may_be_accepted) == (kind, True), told(found)
    checked = check(
        (FILES / name).read_bytes(), kind, mapping=read_mapping(dict(found.proposal.document or {})), now=NOW
    )
    assert (len(checked.rows), checked.rejections) == (rows, [])


#: What files of three public cases are called as they are, by the kind that they were rewritten as.
AS_THEY_ARE = {"hours": "hours", "polls": "status", "timezones": "zones"}


@pytest.mark.parametrize("case", ["blizzard", "pratham", "sci-id"])
@pytest.mark.parametrize("kind", AS_THEY_ARE)
def test_a_file_as_it_is_gives_the_rows_of_the_one_that_was_rewritten_by_hand(case: str, kind: str) -> None:
    path = FILES / "as-is" / f"{case}-{AS_THEY_ARE[kind]}.csv"
    found = look(path)
    assert (found.proposal.kind, found.may_be_accepted) == (kind, True), told(found)
    mapping = read_mapping(dict(found.proposal.document or {}))
    by_hand = (FILES.parent / "uptime" / case / f"{kind}.csv").read_bytes()
    assert check(path.read_bytes(), kind, mapping=mapping, now=NOW).rows == check(by_hand, kind, now=NOW).rows


@pytest.mark.parametrize("path", sorted((FILES / "formats").iterdir()), ids=lambda path: path.stem)
def test_every_format_is_read_or_told_why_not(path: Path) -> None:
    kinds = ["hours"] if path.stem.startswith("h-") and path.stem != "h-holiday" else []
    found = look(path, *kinds)
    if path.stem in TOLD:
        assert not found.may_be_accepted
        assert TOLD[path.stem] in told(found)
    else:
        assert found.may_be_accepted, told(found)
        assert not found.rejections, told(found)

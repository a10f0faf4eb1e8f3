"""Real exports, spreadsheets and odd formats: each is read by the mapping that is proposed, or told why not."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from app.errors import RejectedFile
from app.ingest.inspection import layout
from app.ingest.inspection.inspect import Inspection, inspect
from app.ingest.inspection.layout import LOOKED_AT_BYTES, looked_at
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import read_mapping
from tests.ingest.checking import check
from tests.ingest.parquet import polls_as_parquet

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


def shown_at(data: bytes, name: str) -> Inspection:
    return inspect(looked_at(BytesIO(data)), name=name, kinds=list(DATASET_KINDS.values()), now=NOW)


def pypistats(days: int, **about: str) -> bytes:
    """What pypistats.org answers to ``python_minor``, of so many days."""
    first = date(2024, 1, 1)
    rows = [
        {"category": category, "date": str(first + timedelta(days=day)), "downloads": 7}
        for category in ("3.11", "3.12", "null")
        for day in range(days)
    ]
    return json.dumps({"data": rows, **about, "type": "python_minor_downloads"}).encode()


def test_json_of_pypistats_is_recognized_with_the_project_that_it_names() -> None:
    found = shown_at(pypistats(10, package="napari"), "python_minor.json")
    assert (found.proposal.kind, found.proposal.shipped) == ("installs", "pypistats")
    assert [(row["project"], row["count"]) for row in found.rows] == [("napari", 7)] * 5
    (question,) = found.proposal.questions
    assert "load it with --mapping and --covers named" in question[0]
    assert not found.may_be_accepted, "without covers=named it would tell of all other projects, too"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_json_of_pypistats_that_is_longer_than_what_is_looked_at_is_recognized(pack: Callable[[bytes], bytes]) -> None:
    content = pypistats(600, package="napari")
    assert len(content) > LOOKED_AT_BYTES
    found = shown_at(pack(content), "numpy.json")
    assert found.proposal.shipped == "pypistats"
    told = [question for question, _ in found.proposal.questions]
    assert told[0] == "No column names the project; which one is it? Answer with --set project=NAME."
    assert {row["project"] for row in found.rows} == {"numpy"}, "what names the project stands behind the rows"


def test_an_object_that_is_cut_before_its_array_is_refused() -> None:
    content = json.dumps({"a": "x" * LOOKED_AT_BYTES, "rows": [{"b": 1}]}).encode()
    with pytest.raises(RejectedFile, match="is one JSON object, which is not whole here"):
        shown_at(content, "file.json")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_large_parquet_file_is_looked_at_as_a_whole(pack: Callable[[bytes], bytes]) -> None:
    content = polls_as_parquet()
    assert len(content) > LOOKED_AT_BYTES
    found = shown_at(pack(content), "polls.parquet")
    assert (found.proposal.kind, found.may_be_accepted) == ("polls", True)
    assert found.rows[0] == {"store_id": "store-0", "status": "active", "timestamp_utc": "2024-11-01T00:00:00Z"}


def test_a_parquet_file_that_is_too_large_to_be_looked_at_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    content = polls_as_parquet()
    monkeypatch.setattr(layout, "MOST_WHOLE_BYTES", len(content) - 1)
    for packed in (content, gzip.compress(content)):
        with pytest.raises(RejectedFile, match="inspect a smaller one with the same columns"):
            shown_at(packed, "polls.parquet")


def test_a_gzip_file_that_is_cut_before_its_first_byte_is_damaged_and_not_empty() -> None:
    for cut in (b"\x1f\x8b\x08\0garbage", gzip.compress(b"store_id,status\n")[:10]):
        with pytest.raises(RejectedFile, match=r"is a damaged gzip file: it ends too early; was all of it sent\?"):
            shown_at(cut, "polls.csv.gz")
    with pytest.raises(RejectedFile, match="is empty"):
        shown_at(gzip.compress(b""), "polls.csv.gz")


MEMBERS = {
    "a member for each row": [
        f"{text}\n".encode() for text in ("store,status,ts", "A,up,1714557600", "B,no,1714557600")
    ],
    "an empty one first": [b"", b"store,status,ts\nA,up,1714557600\n", b"", b"B,no,1714557600\n"],
    "a row in two": [b"store,status,ts\nA,up,1714557600\nB,", b"no,1714557600\n"],
}


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("padding", [b"", bytes(100)])
def test_all_members_of_a_gzip_file_are_looked_at(name: str, padding: bytes) -> None:
    packed = b"".join(gzip.compress(member) + padding for member in MEMBERS[name])
    found = shown_at(packed, "polls.csv.gz")
    assert [row["store_id"] for row in found.rows] == ["A", "B"]
    assert found.layout.column(0) == ["A", "B"]


def test_no_more_of_a_gzip_file_is_unpacked_than_is_looked_at() -> None:
    rows = "".join(f"A,up,{1714557600 + 60 * at}\n" for at in range(10_000)).encode()
    members = [b"store,status,ts\n" + rows[: LOOKED_AT_BYTES // 2], rows[LOOKED_AT_BYTES // 2 :]]
    packed = b"".join(map(gzip.compress, members))
    assert layout._unpacked(packed, "polls.csv.gz") == b"".join(members)[:LOOKED_AT_BYTES]


@pytest.mark.parametrize(
    "behind", [b"garbage", gzip.compress(b"B,up,1714557600\n")[:12], b"\x1f\x8b\x08\0garbage, damaged"]
)
def test_what_stands_before_a_damaged_member_of_a_gzip_file_is_looked_at(behind: bytes) -> None:
    packed = gzip.compress(b"store,status,ts\nA,up,1714557600\n") + behind
    assert layout.layout_of(packed, "polls.csv.gz").column(0) == ["A"]


DOWNLOADS = {
    "bq.csv": "date,project,installer,num_downloads\n2024-11-01,napari,pip,17\n2024-11-01,napari,,3\n",
    "dots.csv": "timestamp,project,file.version,details.installer.name,details.installer.version,details.ci\n"
    "2024-11-01 10:00:00 UTC,napari,0.5.4,pip,24.0,TRUE\n2024-11-01 11:00:00 UTC,napari,0.5.4,,,\n",
    "flat.csv": "timestamp,url,project,file_version,details_installer_name,details_installer_version,details_ci\n"
    "2024-11-01 10:00:00 UTC,/packages/x,napari,0.5.4,pip,24.0,true\n"
    "2024-11-01 10:00:00 UTC,/packages/x,napari,0.5.4,,,\n",
    "lines.jsonl": '{"date":"2024-11-01","project":"napari","version":"1","installer":"pip","count":"60"}\n'
    '{"date":"2024-11-01","project":"napari","version":"1","installer":"","count":"2"}\n',
}


@pytest.mark.parametrize("name", DOWNLOADS)
def test_downloads_under_other_names_of_columns_are_installs_with_their_installers(name: str) -> None:
    found = inspect(DOWNLOADS[name].encode(), name=name, kinds=list(DATASET_KINDS.values()), now=NOW)
    assert (found.proposal.kind, found.may_be_accepted) == ("installs", True)
    assert [(row["project"], row["installer"]) for row in found.rows] == [("napari", "pip"), ("napari", "unknown")]
    assert found.rows[0].get("count", 1) in {17, 60, 1}
    assert found.rows[0].get("ci") in {None, "true"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("npm.json", '{"start":"2024-11-01","package":"napari","downloads":[{"downloads":10,"day":"2024-11-01"}]}'),
        ("napari.csv", '"category","date","downloads"\nwith_mirrors,2024-11-01,12\nwithout_mirrors,2024-11-01,10\n'),
        ("napari.json", '{"rows":[{"download_count":10,"download_date":"2024-11-01","python_version":"3.11"}]}'),
    ],
)
def test_counts_of_one_project_are_installs_that_ask_to_be_loaded_as_such(name: str, text: str) -> None:
    found = inspect(text.encode(), name=name, kinds=list(DATASET_KINDS.values()), now=NOW)
    assert [(one["project"], one["date"], one["count"]) for one in found.rows] == [("napari", "2024-11-01", 10)]
    assert found.proposal.questions[-1][0].startswith("The file tells of one project alone")
    assert not found.may_be_accepted


def test_rows_without_the_number_of_a_mapping_are_not_counted_as_one_each() -> None:
    rows = [{"date": "2024-11-01", "project": "napari", "count": 60}]
    text = json.dumps({"data": rows, "package": "napari"})
    found = inspect(text.encode(), name="x.json", kinds=[DATASET_KINDS["installs"]], now=NOW)
    assert [row["count"] for row in found.rows] == [60]


@pytest.mark.parametrize("date", ["Fri Nov 1 19:30:00 2024 -0330", "1730502000 -0330", "1730502000000000"])
def test_dates_of_git_and_of_bigquery_are_read_by_the_mapping_that_is_proposed(date: str) -> None:
    text = f"repo,commit_hash,author_date,parents\norg/app,6dcb09b5,{date},1\n"
    found = inspect(text.encode(), name="x.csv", kinds=[DATASET_KINDS["commits"]], now=NOW)
    assert [(row["sha"], row["authored_at"]) for row in found.rows] == [("6dcb09b5", "2024-11-01T23:00:00Z")]


def test_a_file_of_very_many_columns_is_refused_before_each_is_guessed() -> None:
    names = ",".join(f"c{number}" for number in range(layout.MOST_COLUMNS + 1))
    with pytest.raises(RejectedFile, match="has more than 2,000 columns, which is the most that is inspected"):
        layout.layout_of(f"{names}\n{',1' * layout.MOST_COLUMNS}\n".encode(), "wide.csv")

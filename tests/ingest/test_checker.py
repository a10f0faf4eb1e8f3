"""What a file may look like, and how its wrong rows are told."""

import gzip

import pytest

from app.errors import InvalidParameters
from app.ingest.column_types import INSTANT, KEY, choice
from app.ingest.kind import Column, DatasetKind
from app.ingest.policy import MOST_REJECTED
from app.ingest.rejects import SHOWN
from tests.conftest import NOW
from tests.engine import micros
from tests.ingest.checking import HEADERS, check, small_blocks

POLL = "1,active,2023-01-22 12:00:00 UTC\n"
AT_NOON = 1_674_388_800_000_000
DAY = 24 * 3_600_000_000

#: A kind with columns that a file may lack.
ORDERS = DatasetKind(
    name="orders",
    summary="one row per order",
    columns=(
        Column("order", KEY, example="7"),
        Column("due", INSTANT, example="2023-01-22T12:00:00Z", aliases=("due_at",), required=False),
        Column("size", choice({"small": 1, "large": 2}), example="small", required=False),
    ),
    loading=None,  # type: ignore[arg-type] # it is only checked
    instant="due",
)


def test_columns_come_in_any_order_and_under_other_names() -> None:
    checked = check("end_time_local,dayOfWeek,store_id,start_time_local\n17:00,6,007,09:00\n", "hours")
    assert checked.rows == [("007", 6, 9 * 3_600_000_000, 17 * 3_600_000_000)]


@pytest.mark.parametrize("header", ["Store_ID,STATUS,Timestamp_utc", " store_id, status ,timestamp_utc "])
def test_names_are_taken_without_regard_to_case_and_to_spaces_around_them(header: str) -> None:
    assert check(f"{header}\n{POLL}").rows == [("1", True, AT_NOON)]


@pytest.mark.parametrize(
    "content",
    [
        HEADERS["polls"] + POLL,
        HEADERS["polls"] + POLL.strip(),
        (HEADERS["polls"] + POLL).replace("\n", "\r\n"),
        (HEADERS["polls"] + POLL).replace("\n", "\r"),
        "\n\n" + HEADERS["polls"] + "\n" + POLL + "\n\n",
        "\ufeff" + HEADERS["polls"] + POLL,
        '\ufeff"store_id","status","timestamp_utc"\n"1","active","2023-01-22 12:00:00 UTC"\n',
        gzip.compress((HEADERS["polls"] + POLL).encode()),
        gzip.compress(HEADERS["polls"].encode()) + gzip.compress(POLL.encode()),
        gzip.compress((HEADERS["polls"] + POLL).encode()) + bytes(512),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 7, 64, 4 << 20])
def test_every_usual_spelling_of_a_csv_is_read(
    content: str | bytes, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch, block_bytes)
    assert check(content).rows == [("1", True, AT_NOON)]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
def test_a_header_alone_is_a_file_without_rows(end: str) -> None:
    checked = check(HEADERS["polls"].strip() + end)
    assert (checked.rows, checked.read, checked.span) == ([], 0, (None, None))


def test_text_stays_text() -> None:
    keys = ["007", "NULL", "NA", "N/A", "1e400", "NaN", "null", "TRUE", "0x10", "1.0", "-0", "2023-01-22", "é", "a,b"]
    content = "".join(f'"{key}",UTC\n' if "," in key else f"{key},UTC\n" for key in keys)
    assert check(HEADERS["timezones"] + content, "timezones").keys == keys
    assert check(HEADERS["timezones"] + content.replace('"a,b",UTC\n', ""), "timezones").keys == keys[:-1]


def test_a_file_without_a_header_is_read_by_the_names_that_are_given() -> None:
    checked = check("active,2023-01-22 12:00:00 UTC,1\nup,,\n", columns=("status", "timestamp_utc", "store_id"))
    assert checked.rows == [("1", True, AT_NOON)]
    assert checked.places == [(2, "store_id", "''"), (2, "status", "'up'"), (2, "timestamp_utc", "''")]
    assert checked.rejected == 1


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("store_id", "status"), "lacks timestamp_utc"),
        (("store_id", "status", "timestamp_utc", "status"), "repeats status"),
        (("store_id", "status", "timestamp_utc", "x\u200by"), r"has unknown column 'x\u200by'"),
        (("",), "lacks store_id, status, timestamp_utc and has unknown column ''"),
    ],
)
def test_names_that_are_not_those_of_the_kind_are_told(names: tuple[str, ...], problem: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        check(POLL, columns=names)
    assert caught.value.message == (
        f"columns={','.join(names)}: this {problem}; "
        "a polls file has these columns, in any order: store_id, status, timestamp_utc."
    )


def test_columns_that_are_not_required_may_be_missing_and_their_fields_empty() -> None:
    noon = "2023-01-22T12:00:00Z"
    assert check("order\n7\n8\n", ORDERS).rows == [("7",), ("8",)]
    checked = check(f"size,order,due_at\n,7,{noon}\nlarge,8,\nhuge,9,\nsmall,,\n", ORDERS)
    assert checked.rows == [("7", AT_NOON, None), ("8", None, 2)]
    assert checked.places == [(4, "size", "'huge'"), (5, "order", "''")]
    assert list(map(micros, checked.span)) == [AT_NOON, AT_NOON]
    assert check("order,due\n7,\n", ORDERS).span == (None, None)


def test_the_span_is_that_of_the_rows_that_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    instants = [f"2023-01-{day:02}T00:00:00Z" for day in (17, 12, 23, 14)]
    good = "".join(f"1,active,{at}\n" for at in instants)
    for size in (50, 4 << 20):
        small_blocks(monkeypatch, size)
        span = check(HEADERS["polls"] + good + "1,?,2023-01-01T00:00:00Z\n,active,2024-01-01T00:00:00Z\n").span
        assert [str(at)[:10] for at in span] == ["2023-01-12", "2023-01-23"]


def test_an_observation_may_be_a_day_ahead_and_no_more() -> None:
    times = (
        "2025-01-01T23:59:59.999999Z",
        "2025-01-02T00:00:00Z",
        "2025-01-02T00:00:00.000001Z",
        "2025-01-02T23:00:00+23:59",
    )
    checked = check(HEADERS["polls"] + "".join(f"{at[:10]},active,{at}\n" for at in times), now=NOW)
    assert [row[2] - micros(NOW) for row in checked.rows] == [DAY - 1, DAY, DAY - 59 * 60_000_000]
    (rejection,) = checked.rejections
    assert (rejection.line, rejection.column, rejection.code) == (4, "timestamp_utc", "in_future")
    assert rejection.reason == "is in the future: later than 2025-01-02 00:00:00 UTC"
    assert check("order,due\n7,2099-01-01T00:00:00Z\n", ORDERS, now=NOW).read == 1


def test_twenty_rejected_rows_are_shown_in_the_order_of_the_file_and_all_counted() -> None:
    good, no_zone, short, no_key = "1,UTC\n", "1,Mars\n", "1\n", ",UTC\n"
    checked = check(
        HEADERS["timezones"] + good + no_zone * 3 + short * 2 + good + no_key * 30 + short * 30, "timezones"
    )
    assert checked.places == [
        *((line, "timezone_str", "'Mars'") for line in (3, 4, 5)),
        *((line, "row", "'1'") for line in (6, 7)),
        *((line, "store_id", "''") for line in range(9, 24)),
    ]
    assert len(checked.rejections) == SHOWN
    assert (checked.read, checked.rejected) == (67, 65)


def test_a_long_value_is_shown_in_part() -> None:
    assert check(f"{HEADERS['timezones']}{'x' * 300},UTC\n", "timezones").places == [(2, "store_id", f"'{'x' * 80}'…")]


def test_reading_ends_when_far_too_many_rows_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch, 100_000)
    checked = check(HEADERS["timezones"] + "x\n" * 2 * MOST_REJECTED, "timezones")
    assert MOST_REJECTED < checked.rejected == checked.read < MOST_REJECTED * 1.5

"""Columns to Postgres and back, bit by bit, and as Postgres itself shows them."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text

from app.storage.binary_copy import (
    BOOLEAN,
    BOOLEAN_OR_TWO,
    DATE_OR_MISSING,
    FLOAT_OR_NAN,
    INTEGER,
    INTEGER_OR_ZERO,
    SMALLINT,
    TEXT,
    TIME,
    TIMESTAMPTZ,
    TIMESTAMPTZ_OR_MISSING,
    read_columns,
    write_columns,
)
from app.storage.resources import Addresses
from app.timeline import MISSING
from tests.engine import EPOCH, micros

COLUMNS = {"number": INTEGER, "small": SMALLINT, "flag": BOOLEAN, "at": TIMESTAMPTZ, "clock": TIME}

#: From the year 1 to 9999, so that Python can say what Postgres means.
INSTANTS = st.datetimes(timezones=st.just(UTC)).map(micros)
DAY = 86_400_000_000
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**31), 2**31 - 1),
        st.integers(-(2**15), 2**15 - 1),
        st.booleans(),
        INSTANTS,
        st.integers(0, DAY),
    ),
    max_size=20,
)


@pytest.fixture(scope="module")
def connection(servers: Addresses) -> Iterator[Connection]:
    """A connection with an empty table of every type that travels."""
    engine = create_engine(servers.database_url.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.connect() as connection:
        connection.execute(text("SET TIME ZONE 'UTC'"))
        connection.execute(
            text("CREATE TEMP TABLE travel (number int, small smallint, flag bool, at timestamptz, clock time)")
        )
        yield connection
    engine.dispose()


def block(rows: list[tuple[Any, ...]]) -> dict[str, np.ndarray]:
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    return {
        name: np.array(values, bool if wire is BOOLEAN else np.int64)
        for (name, wire), values in zip(COLUMNS.items(), columns, strict=True)
    }


def read(connection: Connection, source: str = "travel ORDER BY ctid", **params: object) -> list[tuple[Any, ...]]:
    ordered = f"(SELECT * FROM {source}) AS ordered"
    columns = read_columns(connection, COLUMNS, ordered, params)
    assert list(columns) == list(COLUMNS)
    assert all(column.dtype == (bool if name == "flag" else np.int64) for name, column in columns.items())
    return list(zip(*(column.tolist() for column in columns.values()), strict=True))


@given(blocks=st.lists(ROWS, max_size=4))
@example(blocks=[])
@example(blocks=[[], []])
@example(blocks=[[(0, 0, False, -1, 0)], [], [(-1, -1, True, 0, DAY)]])
@example(blocks=[[(2**31 - 1, 2**15 - 1, True, micros(datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)), DAY - 1)]])
def test_what_is_written_is_read_back(connection: Connection, blocks: list[list[tuple[Any, ...]]]) -> None:
    connection.execute(text("TRUNCATE travel"))
    write_columns(connection, "travel", COLUMNS, map(block, blocks))
    expected = [row for rows in blocks for row in rows]
    assert read(connection) == expected
    shown = connection.execute(text("SELECT number, small, flag, at, clock::text FROM travel ORDER BY ctid")).all()
    assert [tuple(row) for row in shown] == [
        (number, small, flag, EPOCH + timedelta(microseconds=at), clock_text(clock))
        for number, small, flag, at, clock in expected
    ]


def clock_text(micros_after_midnight: int) -> str:
    if micros_after_midnight == DAY:
        return "24:00:00"
    shown = (datetime.combine(EPOCH, time()) + timedelta(microseconds=micros_after_midnight)).time().isoformat()
    return shown.rstrip("0") if "." in shown else shown


def test_values_of_parameters_stay_values(connection: Connection) -> None:
    connection.execute(text("TRUNCATE travel"))
    rows = [(number, 0, number % 2 == 0, number, 0) for number in range(10)]
    write_columns(connection, "travel", COLUMNS, [block(rows)])
    source = "travel WHERE number = ANY(%(numbers)s) AND at < %(before)s AND number <> %(text)s::int"
    before = EPOCH + timedelta(microseconds=8)
    assert read(connection, source, numbers=[1, 2, 3, 9], before=before, text="2") == [rows[1], rows[3]]


def test_blocks_larger_than_one_read_arrive_whole(connection: Connection) -> None:
    connection.execute(text("TRUNCATE travel"))
    rows = np.arange(200_000)
    large = {"number": rows, "small": rows % 7, "flag": rows % 2 == 0, "at": rows - 100_000, "clock": rows * 1000}
    write_columns(connection, "travel", COLUMNS, [large, {name: column[:0] for name, column in large.items()}, large])
    columns = read_columns(connection, COLUMNS, "(SELECT * FROM travel ORDER BY ctid) AS ordered", {})
    for name, column in large.items():
        assert np.array_equal(columns[name], np.tile(column, 2)), name


NULLABLE = {
    "number": INTEGER_OR_ZERO,
    "at": TIMESTAMPTZ_OR_MISSING,
    "day": DATE_OR_MISSING,
    "seconds": FLOAT_OR_NAN,
    "word": TEXT,
}

#: Types of those columns in Postgres, and what numpy has of them.
NULLABLE_TYPES = {"number": "int", "at": "timestamptz", "day": "date", "seconds": "float8", "word": "text"}
DTYPES = {"number": np.int64, "at": np.int64, "day": np.int64, "seconds": np.float64, "word": object}


def nullable(connection: Connection, values: str, **params: object) -> dict[str, list[Any]]:
    """Rows that are given as SQL, as they are read."""
    casts = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in NULLABLE_TYPES.items())
    source = f"(SELECT {casts} FROM (VALUES {values}) AS given (place, {', '.join(NULLABLE)}) ORDER BY place) AS rows"
    columns = read_columns(connection, NULLABLE, source, params)
    assert {name: column.dtype for name, column in columns.items()} == {name: DTYPES[name] for name in NULLABLE}
    return {name: column.tolist() for name, column in columns.items()}


def test_null_is_read_as_what_the_type_says(connection: Connection) -> None:
    read = nullable(
        connection,
        "(1, NULL, NULL, NULL, NULL, NULL), (2, 7, '1970-01-01Z', '1970-01-02', 0.5, 'x'), "
        "(3, NULL, NULL, NULL, NULL, NULL)",
    )
    seconds = read.pop("seconds")
    assert np.isnan(seconds).tolist() == [True, False, True]
    assert seconds[1] == 0.5
    assert read == {
        "number": [0, 7, 0],
        "at": [MISSING, 0, MISSING],
        "day": [MISSING, 1, MISSING],
        "word": ["", "x", ""],
    }


@pytest.mark.parametrize("name", NULLABLE)
def test_null_in_one_column_leaves_the_others_as_they_are(connection: Connection, name: str) -> None:
    given = {"number": "7", "at": "'1970-01-01Z'", "day": "'1970-01-02'", "seconds": "0.5", "word": "'x'"}
    read = nullable(
        connection, f"(1, {', '.join((given | {name: 'NULL'}).values())}), (2, {', '.join(given.values())})"
    )
    assert {column: values[1] for column, values in read.items()} == {
        "number": 7,
        "at": 0,
        "day": 1,
        "seconds": 0.5,
        "word": "x",
    }
    assert [column for column, values in read.items() if values[0] != values[1]] == [name]


def test_a_boolean_that_may_be_null_is_one_of_three_numbers(connection: Connection) -> None:
    source = "(VALUES (false), (NULL), (true), (NULL)) AS said (flag)"
    read = read_columns(connection, {"flag": BOOLEAN_OR_TWO}, source, {})["flag"]
    assert (read.dtype, read.tolist()) == (np.int8, [0, 2, 1, 2])


def test_bounds_of_every_type_are_read_as_they_are(connection: Connection) -> None:
    read = nullable(
        connection,
        "(1, -2147483648, '0001-01-01Z', '0001-01-01', -1.7976931348623157e308, ''), "
        "(2, 2147483647, '9999-12-31 23:59:59.999999Z', '9999-12-31', 5e-324, ' '), "
        "(3, 0, '1969-12-31 23:59:59.999999Z', '1969-12-31', '-0', '-infinity'), "
        "(4, 0, '2000-01-01Z', '2000-01-01', 'Infinity', 'NULL')",
    )
    assert read == {
        "number": [-(2**31), 2**31 - 1, 0, 0],
        "at": [-62_135_596_800_000_000, 253_402_300_799_999_999, -1, 946_684_800_000_000],
        "day": [-719_162, 2_932_896, -1, 10_957],
        "seconds": [-1.7976931348623157e308, 5e-324, 0.0, float("inf")],
        "word": ["", " ", "-infinity", "NULL"],
    }


def test_no_rows_are_empty_arrays_of_the_same_types(connection: Connection) -> None:
    assert nullable(connection, "(1, NULL, NULL, NULL, NULL, NULL) LIMIT 0") == {name: [] for name in NULLABLE}


@given(words=st.lists(st.one_of(st.none(), st.text(st.characters(exclude_characters="\n\0", codec="utf-8")))))
@example(words=["é", None, "店", "", "👩‍💻", 'a"b,c', "\\N", "\r", "\u2028", "'%s{}"])
def test_texts_are_read_as_they_are(connection: Connection, words: list[str | None]) -> None:
    source = "(SELECT word FROM unnest(%(words)s::text[]) WITH ORDINALITY AS w (word, place) ORDER BY place) AS words"
    read = read_columns(connection, {"word": TEXT}, source, {"words": words})["word"]
    assert read.dtype == object
    assert read.tolist() == [word or "" for word in words]


@given(values=st.lists(st.tuples(st.integers(0, 2), st.integers(-(2**31), 2**31 - 1)), max_size=20))
def test_a_two_becomes_a_null_and_what_is_beside_it_stays(
    connection: Connection, values: list[tuple[int, int]]
) -> None:
    connection.execute(text("TRUNCATE travel"))
    flags, numbers = [value for value, _ in values], [number for _, number in values]
    columns = {"flag": BOOLEAN_OR_TWO, "number": INTEGER}
    write_columns(connection, "travel", columns, [{"flag": np.array(flags, "i1"), "number": np.array(numbers, int)}])
    rows = connection.execute(text("SELECT flag, number FROM travel ORDER BY ctid"))
    assert [tuple(row) for row in rows] == [({0: False, 1: True, 2: None}[flag], number) for flag, number in values]


def test_what_the_blocks_raise_is_what_the_caller_sees(connection: Connection) -> None:
    def blocks() -> Iterator[dict[str, np.ndarray]]:
        yield {"number": np.array([1])}
        raise OSError("there are no more")

    with pytest.raises(OSError, match="there are no more"), connection.begin_nested():
        write_columns(connection, "travel", {"number": INTEGER}, blocks())

"""Rows of any type to Postgres, where nothing is not the same as an empty text."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text

from app.storage.csv_copy import copy_rows
from app.storage.resources import Addresses

WORDS = st.one_of(st.none(), st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20))


@pytest.fixture(scope="module")
def connection(servers: Addresses) -> Iterator[Connection]:
    """A connection with an empty table of what is copied."""
    engine = create_engine(servers.database_url.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.connect() as connection:
        connection.execute(text("SET TIME ZONE 'UTC'"))
        columns = "number bigint, word text, other text, seconds float8, day date, at timestamptz"
        connection.execute(text(f"CREATE TEMP TABLE copied ({columns})"))
        yield connection
    engine.dispose()


def copied(connection: Connection, rows: pa.Table, columns: str) -> list[tuple[Any, ...]]:
    """The rows as they are found, in the order in which they came."""
    connection.execute(text("TRUNCATE copied"))
    copy_rows(connection, "copied", rows)
    return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM copied ORDER BY ctid"))]


def test_nothing_and_an_empty_text_are_told_apart(connection: Connection) -> None:
    words = pa.array([None, "", "NULL", r"\N", None], pa.string())
    rows = pa.table({"word": words, "number": pa.array([1, None, 3, 4, None])})
    assert copied(connection, rows, "word, number") == [(None, 1), ("", None), ("NULL", 3), (r"\N", 4), (None, None)]


def test_a_column_alone_may_be_nothing(connection: Connection) -> None:
    words = [None, "", r"\.", None]
    assert copied(connection, pa.table({"word": pa.array(words, pa.string())}), "word") == [(word,) for word in words]


@pytest.mark.parametrize(
    "word",
    [
        '"',
        '""',
        'a"b',
        "a,b",
        ",",
        "a\nb",
        "\r\n",
        "\r",
        r"\.",
        "\n\\.\n",
        "\t",
        "é",
        "店",
        "👩‍💻",
        "\ufeff",
        "'",
        "%s",
    ],
)
def test_a_text_arrives_as_it_is(connection: Connection, word: str) -> None:
    rows = pa.table({"word": [word, "x", word], "other": ["y", word, word]})
    assert copied(connection, rows, "word, other") == [(word, "y"), ("x", word), (word, word)]


@given(rows=st.lists(st.tuples(WORDS, WORDS), max_size=8))
@example(rows=[])
@example(rows=[(None, None)])
def test_any_texts_arrive_as_they_are(connection: Connection, rows: list[tuple[str | None, str | None]]) -> None:
    columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(("word", "other"))}
    assert copied(connection, pa.table(columns), "word, other") == rows


def test_numbers_dates_and_instants_arrive_as_they_are(connection: Connection) -> None:
    seconds = [0.1, 5e-324, 1.7976931348623157e308, -0.0, None]
    rows = pa.table(
        {
            "seconds": pa.array(seconds, pa.float64()),
            "number": pa.array([2**63 - 1, -(2**63), 0, None, 1]),
            "day": pa.array(
                [date(1970, 1, 1), None, date(2099, 12, 31), date(2000, 2, 29), date(1, 1, 1)], pa.date32()
            ),
            "at": pa.array(["1970-01-01T00:00:00Z", "2024-11-03T01:30:00.000001Z", None, "2100-01-01T00:00:00Z", None]),
        }
    )
    assert copied(connection, rows, "seconds, number, day, at") == [
        (0.1, 2**63 - 1, date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)),
        (5e-324, -(2**63), None, datetime(2024, 11, 3, 1, 30, 0, 1, tzinfo=UTC)),
        (1.7976931348623157e308, 0, date(2099, 12, 31), None),
        (0.0, None, date(2000, 2, 29), datetime(2100, 1, 1, tzinfo=UTC)),
        (None, 1, date(1, 1, 1), None),
    ]


def test_columns_that_are_not_given_are_left_to_the_table(connection: Connection) -> None:
    assert copied(connection, pa.table({"other": ["x"]}), "number, word, other, at") == [(None, None, "x", None)]

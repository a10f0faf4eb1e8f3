"""Files as pandas DataFrames and back: the one module that imports pandas, loaded when a frame is asked for.

In a frame keys are text (``007`` stays ``007``, a store called ``NA`` is a store), instants are datetimes in UTC, dates
are datetimes without a zone, everything else is a number, and what is empty is missing: NaN, NaT.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from openhours.errors import InvalidInput

#: What a column may be declared to be.
TEXT: Final = "text"
INSTANT: Final = "instant"

#: What a column of a roll-up is: text as it stands in the file, empty or not; or exact decimals.
VERBATIM: Final = "verbatim"
FIGURE: Final = "figure"

#: Digits of a decimal that always come through a float unchanged.
FLOAT_DIGITS: Final = 15

#: What the fields of a column that nobody has declared look like. A number has no leading zero and no more digits than
#: a 64-bit integer holds: others are names.
_INSTANT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER: Final = r"[+-]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"

#: In CSV files the server puts an apostrophe before a text that a spreadsheet would run as a formula.
_ESCAPED: Final = r"^'(?=[=+\-@\t\r\n\x00＝＋－＠])"  # noqa: RUF001 - the wide forms are meant


#: Types of columns whose values are texts.
_TEXTS: Final = frozenset({"key", "text", "short text", "repository", "name of a project"})


def declared(column: Mapping[str, Any]) -> str | None:
    """TEXT or INSTANT for a column as ``/datasets/kinds`` describes it; None for a number, a date or a time of day."""
    if column["type"] in _TEXTS or column["allowed"]:
        return TEXT
    return INSTANT if column["type"] == "timestamp" else None


def read(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    """A table of a report.

    Args:
        path: a CSV or Parquet file.
        columns: TEXT, INSTANT, VERBATIM or FIGURE by the name of a column, for those of which it is known.

    Raises:
        InvalidInput: it is no table.
    """
    match path.suffix:
        case ".csv":
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
            return frame.assign(**{name: _typed(frame[name], columns.get(name)) for name in frame})
        case ".parquet":
            return _plain_text(parquet.read_table(path)).to_pandas()
    raise InvalidInput(f"{path.name} is not a table; read() gives its bytes, download() writes it into a folder")


def of_rows(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Items of a list that the server answered, a row each; of an empty list a frame without columns."""
    frame = pd.DataFrame(list(rows))
    return frame.assign(**{name: _as_instants(frame[name]) for name in frame})


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A frame as a file that the server accepts; an index that has a name becomes a column.

    Raises:
        InvalidInput: a column of instants has no time zone.
    """
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    frame.assign(**{name: _as_text(name, frame[name]) for name in frame}).to_csv(path, index=False)


def of_rollup(params: Mapping[str, Any]) -> Mapping[str, str]:
    """What the columns of a roll-up are, by its parameters as ``/reports/{report_id}`` has them.

    They have names of any file, or that somebody chose: what dataset kinds say of such names does not count.
    """
    keys = params["by"] or []
    figures = [f"{figure}_{name}" for figure in ("sum", "min", "max", "mean") for name in params[figure] or []]
    names = params["names"] or [*keys, *figures, "count"]
    return {name: VERBATIM if place < len(keys) else FIGURE for place, name in enumerate(names)}


def _typed(column: pd.Series, declared: str | None) -> pd.Series:
    known = column.dropna()
    if declared == VERBATIM:
        return column.fillna("")
    if declared == FIGURE:
        return _exact(column, known)
    if declared == INSTANT or (len(known) and declared is None and known.str.fullmatch(_INSTANT).all()):
        return pd.to_datetime(column, utc=True, format="ISO8601")
    if declared is None and len(known) and known.str.fullmatch(_DATE).all():
        return pd.to_datetime(column, format="ISO8601")
    if declared is None and known.str.fullmatch(_NUMBER).all():
        return pd.to_numeric(column)
    return column.str.replace(_ESCAPED, "", regex=True)


def _exact(column: pd.Series, known: pd.Series) -> pd.Series:
    """Numbers if each is the same as a number, otherwise their texts."""
    if not known.str.fullmatch(_NUMBER).all():
        return column
    numbers = pd.to_numeric(column)
    is_float = pd.api.types.is_float_dtype(numbers.dtype)
    return column if is_float and known.str.count("[0-9]").max() > FLOAT_DIGITS else numbers


def _as_instants(column: pd.Series) -> pd.Series:
    """A column of JSON values as datetimes, if each of them is the text of an instant."""
    known = column.dropna()
    if len(known) and known.map(type).eq(str).all() and known.str.fullmatch(_INSTANT).all():
        return pd.to_datetime(column, utc=True, format="ISO8601")
    return column


def _as_text(name: str, column: pd.Series) -> pd.Series:
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    if column.dt.tz is None:
        raise InvalidInput(
            f"{name}: these instants have no time zone; give them one, such as frame[{name!r}].dt.tz_localize('UTC')"
        )
    return column.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain_text(table: pa.Table) -> pa.Table:
    """A table without dictionaries: text that repeats becomes text, not pandas categories."""
    for position, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(position, field.name, table.column(position).cast(field.type.value_type))
    return table

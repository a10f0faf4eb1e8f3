"""Records of an Excel workbook (xlsx): one sheet with one table and no formulas."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from app.errors import RejectedFile
from app.mapping.sheet_xml import Sheet, looked_through

#: Largest workbook, and largest after unpacking, bytes: it is read in memory, and a sheet packs to a twentieth.
MOST_BYTES: Final = 64 << 20
MOST_UNPACKED_BYTES: Final = 1 << 30

#: A larger one may unpack to so many times its size: a sheet packs to a twentieth, and zip can do a thousandth.
MOST_UNPACKED_TIMES: Final = 100
FLOOR_BYTES: Final = 16 << 20

#: Most rows of a sheet: what Excel itself holds.
MOST_ROWS: Final = 1_048_576

#: Most cells from the first of a sheet to its last in both directions, empty ones included, all of which are in memory.
MOST_CELLS: Final = 16 * MOST_ROWS

#: What libraries raise for a file that is none, is damaged or encrypted, or has sizes that are not true.
_UNREADABLE: Final = (
    *(CalamineError, zipfile.BadZipFile, zlib.error, ET.ParseError, expat.ExpatError),
    *(KeyError, NotImplementedError, RuntimeError, EOFError, StopIteration, UnicodeDecodeError, ValueError),
)

#: The first day that a spreadsheet counts, on which it has 24:00 and later of a column of times.
_DAY_ONE: Final = date(1900, 1, 1)

_EXCEL_DAY: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no zone

#: From here on a cell is not the whole number that somebody typed: it has lost digits.
_EXACT: Final = 2**53

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

#: A row and its number in the sheet, from 1.
Numbered = tuple[int, list[str]]


def rows_of(data: bytes, name: str, *, sheet: str | None, skip_lines: int | None) -> Iterator[Numbered]:
    """The rows of the only table of a sheet, as texts; blank rows before and behind it are left out.

    Args:
        data: the bytes of the workbook.
        name: of the file, for messages.
        sheet: its name; None where the workbook has only one with anything in it.
        skip_lines: rows before the table; None leaves out titles, which are rows of one cell above wider ones.

    Raises:
        RejectedFile: it is no workbook, is too large, or has formulas, several tables or no such sheet.
    """
    try:
        _require_modest(data, name)
        sheets = _require_small_sheets(data, name)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        chosen = _sheet(workbook, name, sheet)
        if (cell := sheets[chosen].formula) is not None:
            raise refusal(
                "formula",
                f"{name}, sheet {chosen!r}, cell {cell} has a formula; copy the cells and paste them as values.",
            )
        cells = workbook.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except _UNREADABLE as error:
        raise refusal(
            "wrong_format",
            f"{name} is cut off or damaged, or a zip file of something else than an Excel workbook (xlsx). "
            "Open it in a spreadsheet program and save it anew.",
        ) from error
    yield from _table(cells, name, chosen, _titles(cells) if skip_lines is None else skip_lines)


def refusal(reason: str, message: str) -> RejectedFile:
    return RejectedFile(message, reason=reason)


def _require_modest(data: bytes, name: str) -> None:
    if not data.startswith(b"PK"):
        raise refusal(
            "wrong_format", f"{name} is not an Excel workbook (xlsx); set the mapping's format to what it is."
        )
    if len(data) > MOST_BYTES:
        raise refusal(
            "too_large", f"{name} is a workbook of more than {MOST_BYTES:,} bytes; save its sheet as CSV (UTF-8)."
        )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(member.file_size for member in archive.infolist())
        most = min(MOST_UNPACKED_BYTES, max(FLOOR_BYTES, MOST_UNPACKED_TIMES * len(data)))
        if size > most:
            raise refusal(
                "too_large",
                f"{name} is a workbook of {len(data):,} bytes that unpacks to {size:,}; allowed are {most:,}. Save its "
                "sheet as CSV (UTF-8).",
            )
        if (damaged := archive.testzip()) is not None:  # also one that is larger than it says
            raise zipfile.BadZipFile(f"{damaged} is damaged")


def _require_small_sheets(data: bytes, name: str) -> dict[str, Sheet]:
    """What the sheets hold, by their names. A sheet is read as a whole rectangle, however few of its cells are filled.

    Raises:
        RejectedFile: one is too large for that.
    """
    found: dict[str, Sheet] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for sheet, part in _parts(archive).items():
            with archive.open(part) as content:
                found[sheet] = one = looked_through(content)
            if one.rows * one.columns > MOST_CELLS:
                raise refusal(
                    "too_large",
                    f"{name}, sheet {sheet!r} reaches to row {one.rows:,} and column {_letters(one.columns)}: that are "
                    f"more than {MOST_CELLS:,} cells, empty ones included. Delete what stands far away from the table.",
                )
    return found


def _sheet(workbook: CalamineWorkbook, name: str, sheet: str | None) -> str:
    names = workbook.sheet_names
    if sheet is not None:
        if sheet not in names:
            raise refusal("wrong_mapping", f"{name} has no sheet {sheet!r}; it has {', '.join(map(repr, names))}.")
        return sheet
    filled = [one for one in names if workbook.get_sheet_by_name(one).total_height]
    if not filled:
        raise refusal("empty_file", f"{name} is a workbook without anything in it.")
    if len(filled) > 1:
        listed = ", ".join(map(repr, filled))
        raise refusal(
            "wrong_mapping",
            f'{name} has {len(filled)} sheets, {listed}; name one in the mapping: "sheet": "{filled[0]}".',
        )
    return filled[0]


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of the workbook that holds each sheet of cells, by the name of the sheet."""
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - expat bounds what entities expand to
    relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - as above
    targets = {one.get("Id"): one.get("Target", "") for one in relations if "/worksheet" in one.get("Type", "")}
    found = {
        one.get("name", ""): targets[one.get(_RELATION)]
        for one in book.iter(f"{_MAIN}sheet")
        if one.get(_RELATION) in targets
    }
    return {
        name: target.removeprefix("/") if target.startswith("/") else f"xl/{target}" for name, target in found.items()
    }


def _titles(cells: Sequence[Sequence[Any]]) -> int:
    """How many rows come before the first that has several cells; 0 if none has."""
    wide = (number for number, row in enumerate(cells) if sum(bool(_text(cell)) for cell in row) > 1)
    return next(wide, 0)


def _table(cells: Sequence[Sequence[Any]], name: str, sheet: str, skip_lines: int) -> Iterator[Numbered]:
    below = enumerate(cells[skip_lines:], skip_lines + 1)
    of_times = {at for row in cells[skip_lines:] for at, cell in enumerate(row) if isinstance(cell, time)}
    rows = [
        (number, [_text(_past_midnight(cell) if at in of_times else cell) for at, cell in enumerate(row)])
        for number, row in below
    ]
    filled = [(number, row) for number, row in rows if any(row)]
    if len(filled) > MOST_ROWS:
        raise refusal("too_large", f"{name} has more than {MOST_ROWS:,} rows.")
    for (before, _), (number, _) in pairwise(filled):
        if number != before + 1:
            raise _two(name, sheet, f"row {number} begins another below row {before}")
    if not filled:
        return
    used = [any(row[column] for _, row in filled) for column in range(len(filled[0][1]))]
    first, last = used.index(True), len(used) - used[::-1].index(True)
    if not all(used[first:last]):
        gap = used.index(False, first)
        raise _two(name, sheet, f"column {_letters(used.index(True, gap) + 1)} begins another beside it")
    for number, row in filled:
        yield number, row[first:last]


def _two(name: str, sheet: str, where: str) -> RejectedFile:
    return refusal("two_tables", f"{name}, sheet {sheet!r} has two tables: {where}; give each a sheet of its own.")


def _letters(column: int) -> str:
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def _past_midnight(cell: Any) -> Any:
    """A cell of a column of times: 24:00 and later as such."""
    if isinstance(cell, datetime) and cell.date() == _DAY_ONE:
        return f"{24 + cell.hour}:{cell.minute:02}:{cell.second:02}"
    return "24:00:00" if cell == _DAY_ONE else cell


def _text(cell: Any) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
        case datetime():
            return cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return (_EXCEL_DAY + cell).time().isoformat()
    return "" if cell is None else str(cell)

"""The header of a table: any names, each once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.errors import InvalidParameters
from app.ingest.csv.blocks import Block, Blocks
from app.ingest.csv.records import BadQuoting, Records
from app.ingest.policy import Limits
from app.ingest.refusal import refusal
from app.ingest.rejects import shown

#: Other common separators.
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}

#: How a file of JSON begins.
_JSON: Final = ("{", "[{", "[")

#: What to do without a header, for those who may name the columns themselves.
WITHOUT_HEADER: Final = "; without one, name them with columns="

_ADVICE: Final = f"a table begins with a header that names each of its columns once{WITHOUT_HEADER}."


def table_header(blocks: Blocks, name: str, limits: Limits) -> tuple[tuple[str, ...], Block, int]:
    """The names in the header as they stand, what follows in its block, and the bytes up to there.

    Raises:
        RejectedFile: there is no header, or none that names each column once.
    """
    taken = 0
    for block in blocks:
        records = Records(block, name, limits)
        for line, names in records:
            _require_names(names, f"{name}, line {line}: ", line)
            rest = replace(block, data=block.data[records.taken :], first_line=records.line)
            return tuple(names), rest, taken + records.taken
        taken += records.taken
        if records.rest:
            blocks.push_back(records.rest, records.line)
    raise refusal("empty_file", f"{name} is empty; {_ADVICE}")


def require_table_columns(names: Sequence[str]) -> None:
    """Raise InvalidParameters unless ``columns=`` names each column of a table once."""
    if problem := _problem(names):
        raise InvalidParameters(f"columns={','.join(names)[:200]}: {problem}; name each column of the table once.")


def _require_names(names: list[str] | BadQuoting, where: str, line: int) -> None:
    if isinstance(names, BadQuoting) and not names.lstrip().startswith(_JSON[:2]):
        message = f"{where}the header {shown(names)} has text after a closing quotation mark; {_ADVICE}"
        raise refusal("wrong_header", message, line=line)
    names = [names] if isinstance(names, BadQuoting) else names
    if len(names) == 1:
        if names[0].lstrip() in _JSON or names[0].lstrip().startswith(_JSON[:2]):
            raise refusal("wrong_format", f"{where}this is JSON, not a CSV; save its table as CSV (UTF-8).", line=line)
        for separator, word in _SEPARATORS.items():
            if separator in names[0]:
                message = f"{where}the columns are separated by {word}; separate them with commas."
                raise refusal("wrong_separator", message, line=line)
    if problem := _problem(names):
        raise refusal("wrong_header", f"{where}{problem}; {_ADVICE}", line=line)


def _problem(names: Sequence[str]) -> str:
    """What is wrong with the names, if anything."""
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if not name.strip():
            return f"column {place} has no name"
        if name in places:
            return f"columns {places[name]} and {place} are both called {shown(name)}"
        places[name] = place
    return ""

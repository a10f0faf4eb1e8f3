"""The columns of every dataset kind for its slow twin: told once more by hand, or else as its entry has them."""

from app.ingest.kind import Column, DatasetKind
from app.ingest.registry import DATASET_KINDS
from tests.reference import csv_values

#: Which column another may take the place of depends on the header; files of chance name the first one.
ELSEWHERE = {"entity_kind"}


def written_columns(kind: DatasetKind) -> list[Column]:
    """Those that files of chance may have."""
    return [column for column in kind.columns if column.instead_of is None and column.name not in ELSEWHERE]


def twin(kind: DatasetKind) -> list[csv_values.Column]:
    """The columns as the entry has them, their values by the slow twins of their types."""
    found = []
    for column in written_columns(kind):
        if column.type.allowed:
            parse = csv_values.word(**{word: column.type.parse(word) for word in column.type.allowed})
        elif column.type.name in csv_values.TYPES:
            parse = csv_values.TYPES[column.type.name]
        else:
            raise LookupError(
                f"column {column.name} of {kind.name} is of a new type, {column.type.name!r}, that has no slow twin: "
                f"write one in tests/reference/csv_values.py and add it to TYPES, beside {', '.join(csv_values.TYPES)}"
            )
        in_past = kind.observed and parse is csv_values.instant
        found.append(
            csv_values.Column(column.name, parse, column.aliases, column.required, column.may_be_empty, in_past=in_past)
        )
    return found


#: Kinds whose columns are checked; files of the others stay as they are (test_table.py).
CHECKED = {name: kind for name, kind in DATASET_KINDS.items() if not kind.stays_raw}

TWINS = csv_values.KINDS | {name: twin(kind) for name, kind in CHECKED.items() if name not in csv_values.KINDS}

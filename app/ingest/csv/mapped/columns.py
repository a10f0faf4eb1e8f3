"""The columns of a kind with the translations of a mapping: a text is translated, then parsed as any other."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from app.errors import InvalidParameters
from app.ingest import column_types
from app.ingest.csv.header import named_columns
from app.ingest.kind import Column, DatasetKind
from app.ingest.rejects import shown
from app.ingest.values import Wrong
from app.mapping.dates import Dates
from app.mapping.document import Mapping, Rule
from app.mapping.translation import dates_of, is_plain, translation
from app.mapping.unmappable import Unmappable
from app.timeline import EARLIEST, LATEST, to_micros
from app.wording.suggestions import did_you_mean, suggestions

#: The columns that opening hours become, beside the one that names them.
_FROM_HOURS = ("day", "start_time_local", "end_time_local")


def require_fit(kind: DatasetKind, mapping: Mapping) -> None:
    """Raise InvalidParameters unless a mapping is of this kind and gives all columns that its rows need."""
    if mapping.kind != kind.name:
        raise InvalidParameters(f"mapping: it is of the kind {mapping.kind}; this file is of the kind {kind.name}.")
    require_own(kind, _targets(mapping), parameter="mapping: columns")
    _require_words(kind, mapping)
    try:
        named_columns(kind, _targets(mapping))
    except InvalidParameters as error:
        raise InvalidParameters(f"mapping: columns: {error.message.partition(': ')[2]}") from error


def require_own(kind: DatasetKind, names: Iterable[str], *, parameter: str) -> None:
    """Raise InvalidParameters unless all of these are columns of the kind."""
    own = {column.name for column in kind.columns}
    for name in names:
        if name not in own:
            nearest = suggestions(name, own)[:1]
            raise InvalidParameters(
                f"{parameter}.{name} is not a column of {kind.name}"
                f"{did_you_mean(nearest)}; allowed: {', '.join(sorted(own))}."
            )


def _require_words(kind: DatasetKind, mapping: Mapping) -> None:
    """Raise InvalidParameters if a word or a constant is none that its column allows: every row would be rejected."""
    allowed = {column.name: column.type.allowed for column in kind.columns if column.type.allowed}
    needed = {column.name for column in kind.columns if column.required and not column.may_be_empty}
    by_name = {column.name: column for column in kind.columns}
    rows = [("", mapping), *((f"rows.{number}.", row) for number, row in enumerate(mapping.rows))]
    for prefix, row in rows:
        for name, rule in row.columns.items():
            words = {f"words.{text}": word for text, word in (rule.words or {}).items()}
            if rule.value is not None and rule.words is None:
                words["value"] = rule.value
                if name not in allowed and name in by_name:
                    _require_value(by_name[name], rule, path=f"{prefix}columns.{name}", is_needed=name in needed)
            for path, word in words.items():
                if name in allowed and word not in allowed[name] and (word or name in needed):
                    raise InvalidParameters(
                        f"mapping: {prefix}columns.{name}.{path}: {word!r} is not one of {', '.join(allowed[name])}."
                    )


def _require_value(column: Column, rule: Rule, *, path: str, is_needed: bool) -> None:
    """Raise InvalidParameters if a constant is no value of its column."""
    text = rule.value or ""
    if rule.hours is not None or (not text and not is_needed):
        return
    try:
        _translated(column, rule).type.parse(text)
    except Wrong as error:
        raise InvalidParameters(f"mapping: {path}.value: {shown(text)} {error}.") from error


def mapped_columns(kind: DatasetKind, mapping: Mapping) -> list[Column]:
    """The columns that rows of the mapping have.

    Raises:
        InvalidParameters: they are not those of the kind.
    """
    require_fit(kind, mapping)
    rules = mapping.rules
    found = named_columns(kind, _targets(mapping))
    return [_translated(column, rules[column.name]) if column.name in rules else column for column in found]


def in_zone(column: Column, zone: str) -> Column:
    """A column of instants whose texts may lack a zone: those are local times of this one."""
    return _translated(column, Rule(value="", date="iso", zone=zone))


def _targets(mapping: Mapping) -> list[str]:
    has_hours = any(rule.hours is not None for rule in mapping.rules.values())
    return list(dict.fromkeys((*mapping.targets, *(_FROM_HOURS if has_hours else ()))))


def _translated(column: Column, rule: Rule) -> Column:
    if is_plain(rule):
        return column
    own, read = column.type, translation(rule, as_date=column.type.name == column_types.DATE.name)

    def parse(text: str) -> Any:
        try:
            return own.parse(read(text))
        except Unmappable as error:
            raise Wrong(error.code, str(error)) from error

    dates = dates_of(rule) if own.name == column_types.INSTANT.name else None
    parse_all = None if dates is None else _instants_of(dates)
    return replace(column, type=replace(own, parse=parse, parse_all=parse_all))


def _instants_of(dates: Dates) -> Any:
    lowest, highest = to_micros(EARLIEST), to_micros(LATEST)

    def parse_all(texts: pa.StringArray) -> npt.NDArray[np.int64] | None:
        found = dates.instants(texts)
        return None if found is None or not len(found) or found.min() < lowest or found.max() > highest else found

    return parse_all

"""Records of a raw file as texts by place, and what a mapping makes of them: rows of the kind, still as texts."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.mapping.document import Mapping, Not, Row, Rule, Where, places_of, template_places
from app.mapping.numbered_hours import windows_of
from app.mapping.times import Window, days
from app.mapping.unmappable import Unmappable

Place = str | int

#: What an error shows in the place of an empty part of an instant.
_NO_PART: Final = "(empty)"

#: The columns that opening hours become.
_WINDOW: Final = ("day", "start_time_local", "end_time_local")


@dataclass(frozen=True, slots=True)
class Records:
    """A block of records.

    Attributes:
        texts: one text a record, by the place that the mapping names.
        lines: the line of the raw file on which each begins, int64.
        absent: places that no record of JSON has, not even with a null.
    """

    texts: Dict[Place, pa.StringArray]
    lines: npt.NDArray[np.int64]
    absent: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class MappedRows:
    """A block of rows: one text a row by column of the kind, and the line of the record that each comes from.

    ``absent`` are columns that come from absent places alone: their texts are empty because the file says nothing.
    """

    texts: Dict[str, pa.StringArray]
    lines: npt.NDArray[np.int64]
    absent: frozenset[str] = frozenset()


def mapped(mapping: Mapping, records: Records) -> MappedRows:
    """The rows that records give: those that fit ``where``, one or several of each, in the records' order."""
    texts = {place: _without_null(array, mapping.null) for place, array in records.texts.items()}
    chosen = _chosen(mapping.where, texts, len(records.lines)) & _not_blank(texts, len(records.lines))
    parts = [_part(mapping, row, texts, records.lines, chosen) for row in mapping.rows or (None,)]
    rows = _expanded(mapping, parts[0] if len(parts) == 1 else _interleaved(parts))
    return replace(rows, absent=_absent(mapping, records.absent)) if records.absent else rows


def _absent(mapping: Mapping, places: frozenset[Place]) -> frozenset[str]:
    """The columns of which every rule looks at absent places and at no other."""
    rules = [one for columns in (mapping.columns, *(row.columns for row in mapping.rows)) for one in columns.items()]
    said = {name for name, rule in rules if not (looked := places_of(rule)) or not places.issuperset(looked)}
    return frozenset(name for name, _ in rules if name not in said)


def _part(
    mapping: Mapping,
    row: Row | None,
    texts: Dict[Place, pa.StringArray],
    lines: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.bool_],
) -> MappedRows:
    """One row of each record."""
    if row is not None:
        chosen = chosen & _chosen(row.where, texts, len(lines))
    rules = mapping.columns if row is None else {**mapping.columns, **row.columns}
    if not chosen.all():
        keep = pa.array(chosen)
        texts, lines = {place: array.filter(keep) for place, array in texts.items()}, lines[chosen]
    return MappedRows({name: _text(rule, texts, len(lines)) for name, rule in rules.items()}, lines)


def _text(rule: Rule, texts: Dict[Place, pa.StringArray], count: int) -> pa.StringArray:
    if rule.from_ is not None:
        return texts[rule.from_]
    if rule.value is not None:
        return pa.repeat(rule.value, count)
    template = rule.template or ""
    before, *others = template.split("{")
    parts = [texts[place] for place in template_places(template)]
    joined = _joined(before, parts, others)
    return joined if rule.date is None or not parts else _whole(joined, before, parts, others)


def _joined(before: str, parts: Sequence[pa.StringArray], others: Sequence[str]) -> pa.StringArray:
    pieces: list[Any] = [before]
    for part, rest in zip(parts, others, strict=True):
        pieces += [part, rest.partition("}")[2]]
    joined: pa.StringArray = pc.binary_join_element_wise(*pieces, "")
    return joined


def _whole(
    joined: pa.StringArray, before: str, parts: Sequence[pa.StringArray], others: Sequence[str]
) -> pa.StringArray:
    """Instants of several parts: empty if the first one is; another empty one is named, and is an error then.

    Without its time of day a date would be midnight, and a local time without its zone would be of another one.
    """
    blank = [pc.equal(pc.utf8_trim_whitespace(part), "") for part in parts]
    if not any(pc.any(one).as_py() for one in blank):
        return joined
    named = [pc.if_else(is_blank, _NO_PART, part) for part, is_blank in zip(parts, blank, strict=True)]
    return pc.if_else(blank[0], "", _joined(before, named, others))


def _without_null(texts: pa.StringArray, words: tuple[str, ...]) -> pa.StringArray:
    if not words:
        return texts
    is_null = pc.is_in(texts, value_set=pa.array(words, pa.string()))
    return pc.if_else(is_null, "", texts)


def _chosen(where: Where, texts: Dict[Place, pa.StringArray], count: int) -> npt.NDArray[np.bool_]:
    """Which records have one of the texts at each place."""
    found = np.ones(count, bool)
    for place, allowed in where.items():
        unwanted = isinstance(allowed, Not)
        words = allowed.not_ if isinstance(allowed, Not) else allowed
        found &= np.asarray(pc.is_in(texts[place], value_set=pa.array(words, pa.string()))) != unwanted
    return found


def _not_blank(texts: Dict[Place, pa.StringArray], count: int) -> npt.NDArray[np.bool_]:
    """Which records have a text anywhere: spreadsheets write rows of commas behind their tables."""
    blank = np.full(count, bool(texts))
    for array in texts.values():
        if not blank.any():
            break
        blank &= np.asarray(pc.equal(array, ""))
    return ~blank


def _interleaved(parts: list[MappedRows]) -> MappedRows:
    """All rows of a record, then those of the next one."""
    lines = np.concatenate([part.lines for part in parts])
    order = np.argsort(lines, kind="stable")
    names = dict.fromkeys(name for part in parts for name in part.texts)
    texts = {
        name: pa.concat_arrays([part.texts.get(name, pa.repeat("", len(part.lines))) for part in parts]).take(
            pa.array(order)
        )
        for name in names
    }
    return MappedRows(texts, lines[order])


def _expanded(mapping: Mapping, rows: MappedRows) -> MappedRows:
    """A row for each weekday or window of a text; a text that cannot be read stays, for its check to tell."""
    for name, rule in mapping.rules.items():
        if rule.weekday is not None or rule.hours is not None:
            rows = _expanded_by(rows, name, rule)
    return rows


def _expanded_by(rows: MappedRows, name: str, rule: Rule) -> MappedRows:
    encoded = rows.texts[name].dictionary_encode()
    windows = [list(_windows(text, rule)) for text in encoded.dictionary.to_pylist()]
    codes = encoded.indices.to_numpy()
    counts = np.array([len(one) for one in windows], np.int64)[codes]
    source = np.repeat(np.arange(len(codes)), counts)
    texts = {other: array.take(pa.array(source)) for other, array in rows.texts.items()}
    every = [window for code in codes.tolist() for window in windows[code]]
    for number, column in enumerate(_WINDOW[:1] if rule.weekday is not None else _WINDOW):
        texts[column if rule.hours is not None else name] = pa.array([window[number] for window in every], pa.string())
    return MappedRows(texts, rows.lines[source])


def _windows(text: str, rule: Rule) -> Iterator[Window]:
    """What a text stands for; of days only the first member counts."""
    try:
        if rule.weekday is not None:
            yield from ((str(day), "", "") for day in days(text, rule.weekday))
        else:
            yield from windows_of(text, rule.hours or "")
    except Unmappable:
        yield text, "00:00:00", "24:00:00"

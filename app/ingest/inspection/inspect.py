"""Inspects the first bytes of a file: what they seem to be, and how a proposed mapping would read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

from app.errors import InvalidParameters
from app.ingest.csv.given import given_values
from app.ingest.inspection.guesses import Guess, agreed, guess
from app.ingest.inspection.layout import LOOKED_AT_BYTES, Layout, exploded, layout_of
from app.ingest.inspection.of_no_kind import SLIGHT, leaves_out, nearest, told_plainly
from app.ingest.inspection.proposal import Proposal, proposal, with_given
from app.ingest.inspection.reading import Beginning, Reading, beginning, read
from app.ingest.inspection.recognition import recognized
from app.ingest.inspection.same_names import told_apart
from app.ingest.kind import DatasetKind
from app.ingest.registry import DATASET_KINDS
from app.ingest.rejects import RejectedRow
from app.mapping.document import read_mapping
from app.wording.warnings import DataWarning

#: Kinds whose rows are looked for in lists within records of JSON: results of each monitor, hours of each store.
_NESTED: Final = frozenset(("polls", "hours"))


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file seems to be.

    Attributes:
        layout: how it is parted into rows.
        columns: what each column seems to be.
        proposal: the mapping of the kind that fits best.
        rows: the first rows as the mapping would read them, as texts by column.
        rejections: what is wrong in the rows that were looked at.
        warnings: what is probably not meant in the others.
    """

    layout: Layout
    columns: Sequence[Guess]
    proposal: Proposal
    rows: Sequence[Mapping[str, Any]]
    rejections: Sequence[RejectedRow]
    warnings: Sequence[DataWarning]

    @property
    def may_be_accepted(self) -> bool:
        """Whether the mapping is whole and reads the rows that were looked at."""
        return self.proposal.is_whole and bool(self.rows)


def inspect(
    data: bytes,
    *,
    name: str,
    kinds: Sequence[DatasetKind],
    now: datetime,
    given: Mapping[str, str] = MappingProxyType({}),
    tried: Mapping[str, Any] | None = None,
) -> Inspection:
    """Inspect the beginning of a file.

    Args:
        data: its first bytes; of a workbook all.
        name: of the file; without its ending it stands for what the file does not name.
        kinds: that it may be.
        now: observations more than a day later are in the future.
        given: columns of the kind that have one text in every row.
        tried: a mapping that is to be tried instead of one that is proposed; its kind is one of ``kinds``.

    Raises:
        RejectedFile: it cannot be parted into rows, or all of it is there and it is damaged.
        InvalidParameters: the only kind has no columns that a mapping could fill, or none that is given; the mapping
            that is to be tried says something that a mapping cannot say.
    """
    kinds = [kind for kind in kinds if not kind.stays_raw] or _nothing_to_map(kinds)
    layout = layout_of(data, name)
    guesses = _guesses(layout)
    stem = PurePath(name).name.partition(".")[0] or "store"
    source = beginning(data, name, layout)
    if tried is not None:
        return _tried(layout, guesses, source, kinds, tried, now)
    known = recognized(source, layout, kinds, stem=stem, now=now)
    likely = [kind for kind in kinds if kind.is_guessed] or kinds
    best = known or _best([proposal(kind, layout, guesses, stem=stem) for kind in likely], layout, guesses)
    if known is None and (best.missing or best.kind in SLIGHT):
        best, layout, guesses = _of_lists(layout, likely, stem) or (best, layout, guesses)
    kind = next(one for one in kinds if one.name == best.kind)
    given_values(kind, given)
    best = with_given(best, given)
    if known is None and len(likely) > 1:
        best = told_plainly(best, layout, guesses)

    def read_by(one: Proposal) -> Reading:
        return read(source, kind, read_mapping(dict(one.document or {})), now)

    reading = read_by(best) if best.document is not None and not best.missing else Reading()
    if "store_id" not in given:
        best, reading = told_apart(best, reading, layout, guesses, read_by)
    if reading.damage is not None and len(data) < LOOKED_AT_BYTES:
        raise reading.damage
    return Inspection(layout, guesses, best, reading.rows, reading.rejections, reading.warnings)


def _guesses(layout: Layout) -> Sequence[Guess]:
    columns = [layout.column(at) for at in range(len(layout.names))]
    return agreed([guess(*one) for one in zip(layout.names, columns, strict=True)], columns)


def _of_lists(
    layout: Layout, kinds: Sequence[DatasetKind], stem: str
) -> tuple[Proposal, Layout, Sequence[Guess]] | None:
    """The best proposal for JSON whose rows are in lists of its records; None if none lacks nothing."""
    found = []
    for one in exploded(layout):
        guesses = _guesses(one)
        found += [(proposal(kind, one, guesses, stem=stem), one, guesses) for kind in kinds if kind.name in _NESTED]
    whole = [one for one in found if not one[0].missing and one[0].document is not None]
    return max(whole, key=lambda one: _fit(one[0]), default=None)


def inspect_as(
    data: bytes, name: str, kinds: Sequence[str], now: datetime, tried: Mapping[str, Any] | None
) -> Inspection:
    """As inspect(), of kinds that are given by their names: so that it can be called in another process."""
    return inspect(data, name=name, kinds=[DATASET_KINDS[one] for one in kinds], now=now, tried=tried)


def _tried(
    layout: Layout,
    guesses: Sequence[Guess],
    source: Beginning,
    kinds: Sequence[DatasetKind],
    document: Mapping[str, Any],
    now: datetime,
) -> Inspection:
    mapping = read_mapping(dict(document))
    kind = next((one for one in kinds if one.name == mapping.kind), None)
    if kind is None:
        raise InvalidParameters(f"mapping: is of kind {mapping.kind}; the file is looked at as {kinds[0].name}.")
    reading = read(source, kind, mapping, now)
    found = Proposal(kind.name, document, (), ())
    return Inspection(layout, guesses, found, reading.rows, reading.rejections, reading.warnings)


def _nothing_to_map(kinds: Sequence[DatasetKind]) -> Sequence[DatasetKind]:
    named = ", ".join(kind.name for kind in kinds)
    raise InvalidParameters(
        f"kind: a file of kind {named} may have any columns and needs no mapping; load it as it is."
    )


def _best(proposals: Sequence[Proposal], layout: Layout, guesses: Sequence[Guess]) -> Proposal:
    """The proposal that fits best: of those that lack something the one of the kind that the columns tell of.

    A column of zones does not make a file of polls one of zones.
    """
    whole = [one for one in proposals if _fit(one)[0]]
    others = [one for one in whole if one.kind != "timezones" or not leaves_out(one, layout, guesses)]
    near = nearest(guesses)
    told = [] if whole else [one for one in proposals if one.kind == near]
    return max(others or whole or told or proposals, key=_fit)


def _fit(one: Proposal) -> tuple[bool, int, int, int]:
    """A whole mapping first, then that which lacks less, that which uses more of the file, that which asks less."""
    columns = {} if one.document is None else one.document["columns"]
    used = sum("from" in rule or rule.get("template", "").count("{") for rule in columns.values())
    used += 2 if one.document and "rows" in one.document else 0
    return bool(used) and not one.missing, -len(one.missing), used, -len(one.questions)

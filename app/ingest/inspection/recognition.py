"""Recognizes files that a shipped mapping reads."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from app.ingest.inspection.counts import of_one_project
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.proposal import Proposal
from app.ingest.inspection.questions import assumed, null_words, questions_of
from app.ingest.inspection.reading import Beginning, Reading, read
from app.ingest.kind import DatasetKind
from app.mapping.document import Mapping as FileMapping
from app.mapping.document import read_mapping, with_values, written
from app.mapping.shipped import shipped

#: Of so many rows one may be wrong in a file that a mapping is said to read.
_WRONG_AT_MOST: Final = 10

#: How a table is parted, which a shipped mapping does not know of a file.
_PARTED: Final = ("delimiter", "encoding", "skip_lines")

#: Of so many columns a mapping must find texts in the file: an instant alone may be one of anything.
_FEWEST_KNOWN: Final = 2

#: Guessed with its questions, since people write such files themselves: in which zone is not known.
_GUESSED: Final = {"outages"}


def recognized(
    source: Beginning, layout: Layout, kinds: Sequence[DatasetKind], *, stem: str, now: datetime
) -> Proposal | None:
    """The shipped mapping that reads these rows, as a proposal; None if there is none.

    Of several one that leaves nothing to ask, then the one of whose columns the largest share has values. ``stem`` of
    the file's name stands for a repository that it does not name.
    """
    by_name = {kind.name: kind for kind in kinds}
    fits: list[tuple[tuple[bool, float], Proposal]] = []
    for name, mapping in shipped().items():
        if mapping.kind in by_name and name not in _GUESSED and _is_alike(mapping, layout):
            for candidate, questions in _candidates(mapping, layout, stem):
                found = read(source, by_name[mapping.kind], candidate, now)
                is_right = found.passed and found.rejected * _WRONG_AT_MOST <= found.passed
                if is_right and _has_counts(candidate, found) and _finds_enough(candidate, found):
                    told = (*questions_of(layout), *questions)
                    proposal = Proposal(mapping.kind, written(candidate), told, (), name)
                    fits.append(((not questions, _known(found) / len(mapping.targets)), proposal))
                    break
    return max(fits, key=lambda one: one[0], default=(None, None))[1]


def _has_counts(mapping: FileMapping, found: Reading) -> bool:
    """Whether rows that are to have numbers have them: without, each row would count as one."""
    return "count" not in mapping.targets or any(row.get("count") is not None for row in found.rows)


def _finds_enough(mapping: FileMapping, found: Reading) -> bool:
    """Whether columns have values that the mapping takes from the file, rather than constants of its own."""
    rules = [one for columns in (mapping.columns, *(row.columns for row in mapping.rows)) for one in columns.items()]
    constant = {name for name, rule in rules if rule.value is not None}
    known = {name for row in found.rows for name, value in row.items() if value is not None}
    return len(known - constant) >= min(_FEWEST_KNOWN, len(mapping.targets))


def _known(found: Reading) -> int:
    """How many columns have a value in the first rows."""
    return len({name for row in found.rows for name, value in row.items() if value is not None})


def _is_alike(mapping: FileMapping, layout: Layout) -> bool:
    """Whether both are tables, or both JSON; of a table also whether it has every column that is looked at."""
    is_json = layout.document.get("format") in {"json", "jsonl"}
    if is_json or mapping.format in {"json", "jsonl"}:
        return is_json and mapping.format in {"json", "jsonl"}
    are_parquet = {mapping.format == "parquet", layout.document.get("format") == "parquet"}
    return len(are_parquet) == 1 and set(mapping.places) <= set(layout.names)


def _candidates(mapping: FileMapping, layout: Layout, stem: str) -> Iterator[tuple[FileMapping, list[tuple[str, str]]]]:
    """The mapping as it is shipped, parted as this file may be; and with one repository or project for all rows."""
    document = {**written(mapping), **null_words(layout)}
    for parted in _partings(mapping, layout):
        as_it_is = read_mapping({**document, **parted})
        yield as_it_is, []
        if "repo" in mapping.targets:
            yield with_values(as_it_is, {"repo": stem}), [assumed("repo", stem)]
        if "project" not in layout.names and {"project", "count"} & {*mapping.targets}:
            yield _of_one_project(as_it_is, layout, stem)


def _of_one_project(mapping: FileMapping, layout: Layout, stem: str) -> tuple[FileMapping, list[tuple[str, str]]]:
    """The mapping with one project for all rows."""
    rule, questions = of_one_project(layout, stem)
    return with_values(mapping, {"project": rule["value"]}), questions


def _partings(mapping: FileMapping, layout: Layout) -> Iterator[dict[str, Any]]:
    """How the file may be parted: JSON as it is shipped or as it looks, which of a single record is not sure."""
    if mapping.format not in {"json", "jsonl"}:
        yield {name: layout.document[name] for name in _PARTED if name in layout.document}
        return
    yield {}
    if mapping.records is None:
        looks = {name: layout.document[name] for name in ("format", "records") if name in layout.document}
        if looks != {"format": mapping.format}:
            yield looks

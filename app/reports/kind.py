"""What a report kind declares, and what it is given to run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator
from sqlalchemy import Connection, Engine

from app.settings import Settings

#: Called with the stage ("loading", "computing") and how much of the whole report is done, 0 … 1.
Progress = Callable[[str, float], None]


class Params(BaseModel):
    """Base of every kind's parameters: their names, types, bounds and words are the API, the CLI and the docs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_recorded(cls, value: Any) -> Any:
        if any("\0" in text for text in _texts(value)):
            raise ValueError("holds the character NUL, which Postgres does not keep")
        return value


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value as JSON has it."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            yield from _texts([*value, *value.values()])


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What a running report has at hand.

    Attributes:
        engine: Postgres; read only.
        settings: of this process.
        folder: empty, its own, gone afterwards; artifacts are written into it.
        progress: tells how far it is.
    """

    engine: Engine
    settings: Settings
    folder: Path
    progress: Progress


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a report made; the first one is its main result."""

    path: Path
    media_type: str
    rows: int


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A named computation; see registry.py.

    Attributes:
        name: as in addresses, commands and file names.
        summary: one line for people.
        params: model of its parameters; every field has a description and a default.
        resolve: fixes at trigger time what the parameters leave to the data (such as the latest instant), and
            returns the parameters to run with and the instant the report speaks for. Raises BadInput.
        produce: reads, computes and writes the artifacts.
    """

    name: str
    summary: str
    params: type[Params]
    resolve: Callable[[Connection, Any], tuple[Params, datetime]]
    produce: Callable[[ReportContext, Any], Sequence[Artifact]]

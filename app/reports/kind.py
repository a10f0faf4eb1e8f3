"""What a report kind declares beside what all work does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.work import Params, WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportKind(WorkKind):
    """A named computation; see registry.py. Every field of its ``params`` has a description and a default.

    Attributes:
        summary: one line for people.
        resolve: fixes at trigger time what the parameters leave to the data (such as the latest instant), and
            returns the parameters to run with and the instant the report speaks for. Raises BadInput.
    """

    summary: str
    resolve: Callable[[Connection, Any], tuple[Params, datetime]]

"""Work that is done in the background, whatever it is: what a kind of work declares, and what it is given to run.

Reports are one sort of it (reports/kind.py), checking and loading a dataset is the other (catalogue/work.py). All of it
goes through the same queue, slots, processes, leases and retries (jobs/).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, field_validator
from sqlalchemy import Connection, Engine

from app.files.artifact import Artifact
from app.settings import Settings
from app.storage.object_store import StoreAddress

#: The kind of work that is no report: a dataset is checked and loaded.
DATASET_WORK: Final = "dataset"

#: Called with the stage ("loading", "computing", …) and how much of the whole work is done, 0 … 1.
Progress = Callable[[str, float], None]

#: Called in a transaction: holds the job until the transaction ends, or raises AttemptSuperseded when it is no longer
#: this attempt's to do. What is committed after it cannot be the late work of an attempt that was given up.
Fence = Callable[[Connection], None]


class Params(BaseModel):
    """Base of every kind's parameters; those of reports are the API, the command line and the documentation."""

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
class WorkContext:
    """What running work has at hand.

    Attributes:
        engine: Postgres; reports only read.
        settings: of this process.
        store: where the object store is; connecting takes a while, so only who needs it does.
        folder: empty, its own, gone afterwards; artifacts are written into it.
        progress: tells how far it is.
        job_id: of the job that this is an attempt at.
        fence: to be called before a commit that must not come late.
    """

    engine: Engine
    settings: Settings
    store: StoreAddress
    folder: Path
    progress: Progress
    job_id: str
    fence: Fence


@dataclass(frozen=True, slots=True)
class WorkKind:
    """A named sort of work.

    Attributes:
        name: as in addresses, commands and file names.
        params: model of its parameters.
        produce: does the work and writes the artifacts; runs in a process of its own, and perhaps more than once.
        first_stage: what is shown before the work tells of itself.
    """

    name: str
    params: type[Params]
    produce: Callable[[WorkContext, Any], Sequence[Artifact]]
    first_stage: str = "loading"


def names_of(kind: str, job_id: str, params: Mapping[str, Any]) -> dict[str, str]:
    """What the log calls a job: a report by its own id, work on a dataset by that of the dataset."""
    return {"dataset_id": str(params["dataset_id"])} if kind == DATASET_WORK else {"report_id": job_id}

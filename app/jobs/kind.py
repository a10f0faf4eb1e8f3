"""What a kind of job declares, and what a job is given to run.

A job is one run of background work, whatever it is for. Whoever has such work is a customer of the engine: it declares
job kinds, and one line each in app/replica/registry.py registers them. All jobs share the queue, slots, processes,
leases and retries of this room, which knows no customer by name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, ValidatorFunctionWrapHandler, field_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, Connection, Engine

from app.files.artifact import Artifact, StoredArtifact
from app.settings import Settings
from app.storage.object_store import StoreAddress
from app.wording.numbers import is_number

#: Where the artifacts of a kind lie in the bucket unless it says otherwise; named when all jobs were reports.
ARTIFACTS: Final = "reports/"

#: Called with the stage ("loading", "computing", …) and the share of the whole job that is done, 0 … 1.
OnProgress = Callable[[str, float], None]

#: Called in a transaction: holds the job until the transaction ends, or raises AttemptSuperseded when it is no longer
#: this attempt's to do. What is committed after it cannot be the late work of an attempt that was given up.
Fence = Callable[[Connection], None]

#: Called with something that is probably not meant, as JSON; it is stored with the job once that is complete.
OnWarning = Callable[[Mapping[str, Any]], None]

#: Called with the kind of what was put in and the code of the error that it was rejected for.
OnRejection = Callable[[str, str], None]

#: Called with a number of rows that were read and the latest instant in them, microseconds, None without any.
OnRead = Callable[[int, int | None], None]


class JobClass(StrEnum):
    """What a job is like; each class has a share of a replica's slots (OPENHOURS_SLOT_SHARES)."""

    REPORT = "report"
    LOAD = "load"
    SMALL_LOAD = "small_load"
    SYNC = "sync"
    DELIVERY = "delivery"
    MAINTENANCE = "maintenance"


class Params(BaseModel):
    """Base of every kind's parameters; those of reports are the API, the command line and the documentation.

    A ``list`` holds each of its items once, in the order in which they first came; a ``tuple`` is as it came. Whoever
    validates what comes from outside gives ``most_items(…)`` as the context: a list with more different items is then
    refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _acceptable(cls, value: Any, validate: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if any("\0" in text for text in _texts(value)):
            raise ValueError("holds the character NUL, which Postgres cannot store")
        if isinstance(value, bool) and not _may_be(bool, cls.model_fields[str(info.field_name)].annotation):
            raise PydanticCustomError("boolean", "is true or false")  # pydantic takes them for the numbers 1 and 0
        if isinstance(value, str):
            _require_digits(value, cls.model_fields[str(info.field_name)].annotation)
        if not isinstance(value, list):
            return validate(value)
        checked = validate(_bounded(value, most=(info.context or {}).get(_MOST_ITEMS)))
        return _distinct(checked) if isinstance(checked, list) else checked


#: Key of the context of a validation.
_MOST_ITEMS: Final = "most_items"


def most_items(most: int) -> dict[str, int]:
    """The context of a validation that refuses lists with more different items."""
    return {_MOST_ITEMS: most}


def _bounded(items: list[Any], *, most: int | None) -> list[Any]:
    """The list, without repeats where they make it too long: each item takes time to check."""
    if most is None or len(items) <= most:
        return items
    if len(different := _distinct(items)) > most:
        raise ValueError(f"has {len(different):,} different items; at most {most:,} are allowed")
    return different


def _distinct(items: list[Any]) -> list[Any]:
    """Each item once, in order; 1 and true are different. Items that hold others stay as they are."""
    if any(isinstance(item, list | dict | BaseModel) for item in items):
        return items
    return list({(type(item), item): item for item in items}.values())


def _require_digits(text: str, annotation: Any) -> None:
    """Refuse a text for a number unless it is one in digits."""
    whole, decimal = (_may_be(kind, annotation) for kind in (int, float))
    if (whole or decimal) and not (_may_be(str, annotation) or is_number(text, whole=not decimal)):
        raise PydanticCustomError("number", "is not a number in digits")


def _may_be(kind: type, annotation: Any) -> bool:
    return annotation in (kind, Any) or any(_may_be(kind, one) for one in get_args(annotation))


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
class JobContext:
    """What a running job has at hand.

    Attributes:
        engine: Postgres; reports only read.
        settings: of this process.
        store: where the object store is; connecting takes a while, so only a job that needs it connects.
        folder: empty, the job's own, gone afterwards; artifacts are written into it.
        prefix: of this attempt's artifacts in the bucket, for a job that stores some of them itself.
        progress: tells how far the job is.
        job_id: of the job that this is an attempt at.
        fence: to be called before a commit that must not come late.
        reject: tells that the job found its input wrong, with the kind of input and an error code; the job itself
            still completes.
        has_read: tells what the job has read, each row once; several threads may tell at the same time.
        warn: tells what users should know of the result, as JSON.
    """

    engine: Engine
    settings: Settings
    store: StoreAddress
    folder: Path
    prefix: str
    progress: OnProgress
    job_id: str
    fence: Fence
    reject: OnRejection = lambda *_: None
    has_read: OnRead = lambda *_: None
    warn: OnWarning = lambda _: None


def _job_names(job_id: str, _: Mapping[str, Any]) -> dict[str, str]:
    return {"job_id": job_id}


@dataclass(frozen=True, slots=True)
class JobKind:
    """A named kind of job.

    Attributes:
        name: as in the table of jobs; for reports also in addresses, commands and file names.
        params: model of its parameters.
        produce: does the job and writes the artifacts; runs in a process of its own, and perhaps more than once.
        first_stage: what is shown before the job tells of itself.
        job_class: whose share of the slots its jobs use.
        concurrency_key: of two jobs with the same key only one runs at a time; None lets a job run beside any other.
        names: what the log calls a job: fields by name.
        kept: the ended jobs that stay although they are past their retention, as a condition on the table of jobs.
        artifacts: where its artifacts lie in the bucket; see artifact_prefix.
        prepare: what a process that waits for its job does ahead, of (its engine, connections that a report reads
            with): it changes nothing, reads nothing that somebody has loaded, and waits for nobody.
    """

    name: str
    params: type[Params]
    produce: Callable[[JobContext, Any], Sequence[Artifact | StoredArtifact]]
    first_stage: str = "loading"
    job_class: JobClass = JobClass.REPORT
    concurrency_key: Callable[[Mapping[str, Any]], str | None] = lambda _: None
    names: Callable[[str, Mapping[str, Any]], dict[str, str]] = _job_names
    kept: Callable[[], ColumnElement[bool]] | None = None
    artifacts: str = ARTIFACTS
    prepare: Callable[[Engine, int], None] | None = None


def artifact_prefix(job_id: str, attempt: int | None = None, *, below: str = ARTIFACTS) -> str:
    """Where the artifacts of a job, or those of one attempt, lie: each attempt writes objects of its own."""
    return f"{below}{job_id}/" + ("" if attempt is None else f"a{attempt}/")

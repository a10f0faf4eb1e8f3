"""Rule kind ``dataset_rejected``: a file was rejected."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from app.access.scopes import Scope
from app.automation.known_names import require_dataset_kind
from app.automation.rule_kind import RuleContext, RuleKind, Sighting, Told, Tools
from app.jobs.kind import Params


class DatasetRejected(Params):
    """Options."""

    dataset_kind: Annotated[
        str | None, Field(description="Kind of the files, such as `polls`. Default: any.", max_length=100)
    ] = None


def check(_: Connection, __: Tools, options: DatasetRejected) -> None:
    """Raises UnknownDatasetKind."""
    if options.dataset_kind is not None:
        require_dataset_kind(options.dataset_kind)


def rejected(context: RuleContext, options: DatasetRejected, told: Told) -> None:
    """A file was rejected: told once for its kind, until one is loaded."""
    kind = str(told.data["dataset_kind"])
    if options.dataset_kind in (None, kind):
        filename = told.data.get("filename") or told.subject
        error = told.data.get("error") or {}
        sighting = Sighting(
            title=f"The file {filename} of kind {kind} was rejected.",
            recovered=f"Files of kind {kind} are loaded again.",
            facts=[("File", str(filename)), ("Kind", kind), ("Why", str(error.get("message", "")))],
            page=f"/console/files/{told.subject}",
            data={"dataset_id": told.subject, "dataset_kind": kind, "error": error},
        )
        context.raise_alert(kind, sighting)


def ready(context: RuleContext, _: DatasetRejected, told: Told) -> None:
    """A file was loaded."""
    context.recover(str(told.data["dataset_kind"]))


KIND = RuleKind(
    name="dataset_rejected",
    summary="a file was rejected",
    options=DatasetRejected,
    scope=Scope.DATA_READ,
    check=check,
    listens={"dataset.rejected": rejected, "dataset.ready": ready},
    example={"dataset_kind": "polls"},
)

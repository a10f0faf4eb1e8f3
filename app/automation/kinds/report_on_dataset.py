"""Rule kind ``report_on_dataset``: when the rows of a file are loaded, a report starts."""

from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy import Connection

from app.access.scopes import Scope
from app.automation.known_names import require_dataset_kind
from app.automation.rule_kind import RuleContext, RuleKind, Told, Tools
from app.catalogue import changes
from app.jobs.kind import Params

#: In the parameters: what stands for the id of the file.
DATASET: Final = "{dataset}"


class ReportOnDataset(Params):
    """Options."""

    dataset_kind: Annotated[
        str, Field(description="Kind of the files, such as `polls`.", examples=["polls"], max_length=100)
    ]
    report: Annotated[str, Field(description="Report kind that begins.", examples=["uptime"], max_length=100)]
    params: Annotated[
        dict[str, Any],
        Field(
            description="Parameters of the report; `{dataset}` in them becomes the id of the file.",
            default_factory=dict,
        ),
    ]
    founding_clients: Annotated[
        bool, Field(description="Only for files from clients of a founding system, which send an `upload_id`.")
    ] = False


def check(_: Connection, tools: Tools, options: ReportOnDataset) -> None:
    """Raises UnknownDatasetKind, UnknownReportKind, InvalidParameters."""
    require_dataset_kind(options.dataset_kind)
    # Not what depends on the data: the file that begins the report may be the one that brings it.
    tools.reports.require_valid(options.report, _with(options.params, "0" * 32))


def ready(context: RuleContext, options: ReportOnDataset, told: Told) -> None:
    """A file is loaded."""
    if told.data.get("dataset_kind") != options.dataset_kind:
        return
    if options.founding_clients and told.data.get("upload_id") is None:
        return
    report_id = context.begin(options.report, _with(options.params, told.subject), key=told.id)
    changes.followed(context.connection, told.subject, report_id)


def _names_it(value: Any) -> bool:
    match value:
        case dict():
            return any(map(_names_it, value.values()))
        case list():
            return any(map(_names_it, value))
    return isinstance(value, str) and value == DATASET


def _with(value: Any, dataset_id: str) -> Any:
    """The same with the id of the file where it is named."""
    match value:
        case dict():
            return {name: _with(one, dataset_id) for name, one in value.items()}
        case list():
            return [_with(one, dataset_id) for one in value]
    return dataset_id if _names_it(value) else value


KIND = RuleKind(
    name="report_on_dataset",
    summary="when the rows of a file are loaded, a report starts",
    options=ReportOnDataset,
    scope=Scope.REPORTS_RUN,
    check=check,
    listens={"dataset.ready": ready},
    alerts=False,
    example={"dataset_kind": "polls", "report": "uptime", "params": {"period": "last_week"}},
)

"""Rule kind ``report_on_dataset``: when the rows of a file are loaded, a report begins."""

from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy import Connection

from app.access.scopes import Scope
from app.automation.kinds.known import require_dataset_kind
from app.automation.rule_kind import Hand, RuleKind, Told, Tools
from app.catalogue import changes
from app.jobs.kind import Params
from app.wording.wrong_values import WrongValue, invalid_parameters

#: Parameter of the kinds of reports that are made of single files, and what it holds then.
_DATASETS: Final = "datasets"


class ReportOnDataset(Params):
    """Options."""

    dataset_kind: Annotated[
        str, Field(description="Kind of the files, such as `polls`.", examples=["polls"], max_length=100)
    ]
    report: Annotated[str, Field(description="Report kind that begins.", examples=["uptime"], max_length=100)]
    params: Annotated[
        dict[str, Any],
        Field(
            description="Parameters of the report. A kind that has `datasets` is made of the file alone.",
            default_factory=dict,
        ),
    ]
    founding_clients: Annotated[
        bool, Field(description="Only for files that clients of a founding system send, with their `upload_id`.")
    ] = False


def check(connection: Connection, tools: Tools, options: ReportOnDataset) -> None:
    """Raises UnknownDatasetKind, UnknownReportKind, InvalidParameters."""
    require_dataset_kind(options.dataset_kind)
    if _DATASETS not in tools.reports.kind(options.report).params.model_fields:
        tools.reports.check(connection, options.report, options.params)
    elif _DATASETS in options.params:
        reason = "cannot be a parameter of a rule, whose reports are of another file each time"
        wrong = WrongValue(parameter=f"params.{_DATASETS}", received=options.params[_DATASETS], reason=reason)
        raise invalid_parameters([wrong], subject=options.report)


def ready(hand: Hand, options: ReportOnDataset, told: Told) -> None:
    """A file is loaded."""
    if told.data.get("dataset_kind") != options.dataset_kind:
        return
    if options.founding_clients and told.data.get("upload_id") is None:
        return
    params = dict(options.params)
    if _DATASETS in hand.tools.reports.kind(options.report).params.model_fields:
        params[_DATASETS] = [told.subject]
    report_id = hand.begin(options.report, params, key=told.id)
    changes.followed(hand.connection, told.subject, report_id)


KIND = RuleKind(
    name="report_on_dataset",
    summary="when the rows of a file are loaded, a report begins",
    options=ReportOnDataset,
    scope=Scope.REPORTS_RUN,
    check=check,
    listens={"dataset.ready": ready},
    alerts=False,
    example={"dataset_kind": "polls", "report": "uptime", "params": {"period": "last_week"}},
)

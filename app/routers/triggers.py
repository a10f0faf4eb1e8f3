"""The body of a trigger: one model per report kind, from the registry, so that generated clients see typed params."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.reports.kind import ReportKind
from app.reports.registry import DEFAULT_KIND, REPORT_KINDS
from app.routers.notified import NotifyBody


class Trigger(BaseModel):
    """Report kind and parameters, as they come: the kind checks its parameters itself."""

    model_config = ConfigDict(extra="forbid")

    report: str = DEFAULT_KIND.name
    params: dict[str, Any] = Field(default_factory=dict)
    notify: Any = None


def any_trigger(kinds: Iterable[ReportKind]) -> Any:
    """What triggers a report of one of these kinds, for the OpenAPI document: an annotation.

    JSON's null is the same as no body, as clients of some languages cannot leave out what they have a place for.
    """
    return Annotated[reduce(or_, map(_trigger_of, kinds)), Field(discriminator="report")] | None


def _trigger_of(kind: ReportKind) -> type[BaseModel]:
    """What triggers reports of a kind; only the default kind may go without its name."""
    title = "".join(word.capitalize() for word in kind.name.split("_"))
    fields: dict[str, Any] = {
        "report": (
            Annotated[Literal[kind.name], Field(description="Report kind.")],
            kind.name if kind is DEFAULT_KIND else ...,
        ),
        "params": (
            Annotated[kind.params, Field(description="Parameters; each has a default.", examples=[dict(kind.example)])],
            Field(default_factory=kind.params),
        ),
        "notify": (NotifyBody, None),
    }
    return create_model(
        f"{title}Trigger",
        __config__=ConfigDict(extra="forbid"),
        __doc__=f"Triggers a report of kind `{kind.name}`: {kind.summary}.",
        **fields,
    )


#: The body of a trigger in the OpenAPI document.
AnyTrigger: Final = any_trigger(REPORT_KINDS.values())

"""Rules: list, make, view, set, pause, resume, remove; the kinds of rules."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.access.scopes import Scope
from app.automation.records import Episode, Rule
from app.automation.service import RuleSpec
from app.deliveries.notify import read_notify
from app.routers.answers import CONFLICT, NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE
from app.routers.bodies import checked, described_as
from app.routers.dependencies import Rules
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.routers.notified import NotifyBody, Recipients, recipients

router = APIRouter(tags=["rules"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)])

_Name = Annotated[str, Path(description="Name or id of a rule.", examples=["stores-down"])]


class NewRule(BaseModel):
    """What a rule is to be: what it watches, and whom it tells."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Unique name: a to z, 0 to 9, -, _ and ., at most 64.", examples=["stores-down"])
    kind: str = Field(max_length=100, description="Of `GET /rules/kinds`.", examples=["store_down"])
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of the kind, as its schema describes them.",
        examples=[{"minutes": 30}],
    )
    notify: NotifyBody = None
    enabled: StrictBool = Field(True, description="Whether it is active; false: paused.")

    def spec(self) -> RuleSpec:
        """The same for the service."""
        return RuleSpec(
            name=self.name, kind=self.kind, options=self.options, notify=read_notify(self.notify), enabled=self.enabled
        )


class RuleAnswer(BaseModel):
    """A rule."""

    rule_id: str
    name: str
    kind: str
    options: dict[str, Any]
    notify: Recipients
    enabled: bool
    paused_reason: str | None = Field(description="Why it is paused, for people.")
    wrong: int = Field(description="Number of current findings.")
    looked_at: datetime | None = Field(description="When it last checked, for kinds that check regularly.")
    created_by: str
    runs_as: str = Field(description="Who last changed it; it acts on behalf of this user.")
    created_at: datetime
    updated_at: datetime


class Wrong(BaseModel):
    """Something that is wrong by a rule."""

    about: str = Field(description="What it is about: a store, a source, a schedule, a kind of files.")
    began_at: datetime


class RuleDetails(RuleAnswer):
    """A rule, and what is wrong by it, the longest first, at most 200."""

    episodes: list[Wrong]


class RuleList(BaseModel):
    """Rules, by name."""

    rules: list[RuleAnswer]


class RuleKindAnswer(BaseModel):
    """A kind of rules."""

    name: str
    summary: str
    options: dict[str, Any] = Field(description="JSON Schema of its options.")
    tells: bool = Field(description="Whether it notifies somebody, so that it needs `notify`.")
    example: dict[str, Any] = Field(description="Options of one.")


_NewRule = Annotated[Any, Body(), described_as(NewRule)]


@router.get("/rules")
@needs(Scope.REPORTS_READ)
def list_rules(rules: Rules) -> RuleList:
    """All rules, by name."""
    return RuleList(rules=[_answer(one) for one in rules.listed()])


@router.post("/rules", status_code=201, responses=NOT_FOUND | CONFLICT | TOO_LARGE)
@needs(Scope.SCHEDULES_WRITE)
def add_rule(rules: Rules, new: _NewRule, response: Response) -> RuleAnswer:
    """Make a rule. It acts on behalf of its maker, who must have the rights for what it does."""
    made = _answer(rules.add(checked(NewRule, new).spec()))
    response.headers["Location"] = f"/rules/{made.rule_id}"
    return made


# First, because it could be the name of a rule.
@router.get("/rules/kinds")
@needs(Scope.REPORTS_READ)
def list_rule_kinds(rules: Rules) -> list[RuleKindAnswer]:
    """The kinds of rules, with the JSON Schema of their options."""
    return [
        RuleKindAnswer(
            name=kind.name,
            summary=kind.summary,
            options=kind.options.model_json_schema(),
            tells=kind.alerts,
            example=dict(kind.example),
        )
        for kind in rules.kinds()
    ]


@router.get("/rules/{name}", responses=NOT_FOUND)
@needs(Scope.REPORTS_READ)
def get_rule(rules: Rules, name: _Name) -> RuleDetails:
    """A rule with its current findings."""
    found, episodes = rules.get(name)
    return RuleDetails(**_members(found), episodes=[_wrong(one) for one in episodes])


@router.put("/rules/{name}", responses=NOT_FOUND | CONFLICT | TOO_LARGE)
@needs(Scope.SCHEDULES_WRITE)
def put_rule(rules: Rules, name: _Name, new: _NewRule) -> RuleAnswer:
    """Replace a rule completely. From then on it acts on behalf of the caller."""
    return _answer(rules.replace(name, checked(NewRule, new).spec()))


@router.delete("/rules/{name}", status_code=204, responses=NOT_FOUND)
@needs(Scope.SCHEDULES_WRITE)
def delete_rule(rules: Rules, name: _Name) -> Response:
    """Remove a rule; the reports and messages that it started stay."""
    rules.remove(name)
    return Response(status_code=204)


@router.post("/rules/{name}/pause", responses=NOT_FOUND)
@needs(Scope.SCHEDULES_WRITE)
def pause_rule(rules: Rules, name: _Name) -> RuleAnswer:
    """Pause a rule until it is resumed."""
    return _answer(rules.pause(name))


@router.post("/rules/{name}/resume", responses=NOT_FOUND)
@needs(Scope.SCHEDULES_WRITE)
def resume_rule(rules: Rules, name: _Name) -> RuleAnswer:
    """Resume a paused rule on behalf of the caller."""
    return _answer(rules.resume(name))


def _answer(one: Rule) -> RuleAnswer:
    return RuleAnswer(**_members(one))


def _members(one: Rule) -> dict[str, Any]:
    apart = ("rule_id", "notify")
    own = {name: getattr(one, name) for name in RuleAnswer.model_fields if name not in apart}
    return {**own, "rule_id": one.id, "notify": recipients(one.notify)}


def _wrong(one: Episode) -> Wrong:
    return Wrong(about=one.subject, began_at=one.began_at)

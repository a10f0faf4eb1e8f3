"""The figures that pages about metrics show: the newest complete report of the kind, and what becomes of newer ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from app.access.scopes import Scope
from app.console.asking import Refused, path_of, wrong
from app.console.view import View

KIND: Final = "engineering"

#: Statuses of a report that has not ended.
_GOING: Final = ("queued", "running")

#: What a definition that does not say it can be grouped by.
_USUAL_GROUPS: Final = ("team", "repo", "week", "month")

#: Whole weeks that a report is of unless other dates are asked for.
_USUAL_WEEKS: Final = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is.

    Attributes:
        report: the complete one that is shown; None: there is none.
        summary: of it; None: there is none, or it cannot be read.
        refusal: why it cannot be read.
        newest: the newest report of all, if it is not the one that is shown.
        asked: the report that the address names; "": the newest.
    """

    report: Mapping[str, Any] | None
    summary: Mapping[str, Any] | None
    refusal: Refused | None
    newest: Mapping[str, Any] | None
    asked: str

    @property
    def going(self) -> Mapping[str, Any] | None:
        """A newer report that has not ended."""
        return self.newest if self.newest and self.newest["status"] in _GOING else None

    @property
    def failed(self) -> Mapping[str, Any] | None:
        """The newest report, if it has failed."""
        return self.newest if self.newest and self.newest["status"] == "failed" else None

    @property
    def periods(self) -> list[str]:
        """All periods of the report, in order of time; of one from before reports named them, those with figures."""
        if self.summary is not None and self.summary.get("periods"):
            return list(self.summary["periods"])
        return sorted({one["period"] for metric in self.metrics for one in metric["series"]})

    @property
    def metrics(self) -> list[Mapping[str, Any]]:
        """Its metrics in their order."""
        pillars = [] if self.summary is None else self.summary["pillars"]
        return [metric for pillar in pillars for metric in pillar["metrics"]]

    @property
    def groups(self) -> list[str]:
        """Names of the teams or repositories that it has figures of."""
        return sorted({one["group"] for metric in self.metrics for one in metric["groups"] if one["group"] is not None})


async def figures(view: View) -> Figures:
    """Those of the report that the address names by ``report``, otherwise of the newest that is complete.

    Raises:
        Refused: there is no such report, or it has no such figures.
    """
    asked = view.asked("report")
    newest = await _first(view, limit=1)
    if asked:
        report = await view.api.get(path_of("reports", asked))
        if report["report"] != KIND or report["status"] != "complete":
            reason = f"{asked!r} is not a complete report of the kind {KIND}"
            raise wrong("report", reason)
    elif newest is None or newest["status"] == "complete":
        report = newest
    else:
        report = await _first(view, status="complete", limit=1)
    summary, refusal = None, None
    if report is not None:
        try:
            summary = await view.api.get(path_of("reports", report["report_id"], "summary"))
        except Refused as found:  # its files may be gone; then newer figures help
            refusal = found
    is_shown = newest is not None and report is not None and newest["report_id"] == report["report_id"]
    return Figures(report, summary, refusal, None if is_shown else newest, asked)


async def newer(view: View, report_id: str) -> dict[str, Any]:
    """Parameters to make newer figures with than a report has, which names what it was asked for by now.

    Raises:
        Refused: there is no such report.
    """
    report = await view.api.get(path_of("reports", report_id))
    if report["report"] != KIND:
        raise wrong("report", f"{report_id!r} is not a report of the kind {KIND}")
    known = None
    if view.may(Scope.DATA_READ):
        known = (await view.api.get("/metrics-definitions"))["metrics"]
    return _without_dates(_without_versions(report, known))


async def _first(view: View, **query: Any) -> Mapping[str, Any] | None:
    found = (await view.api.get("/reports", kind=KIND, **query))["reports"]
    return found[0] if found else None


def _without_versions(report: Mapping[str, Any], known: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """Parameters of a report with the latest version of each metric; with all metrics if it had all of them."""
    params = {name: value for name, value in report["params"].items() if value is not None}
    names = [one.partition("@")[0] for one in params.pop("metrics", [])]
    asked_at = datetime.fromisoformat(report["created_at"])
    were_there = {
        one["name"]
        for one in known or ()
        if params["by"] in one["document"].get("by", _USUAL_GROUPS)
        and one["pillar"] in params.get("pillars", [one["pillar"]])
        and (one["created_at"] is None or datetime.fromisoformat(one["created_at"]) <= asked_at)
    }
    if names and (known is None or not were_there <= set(names)):
        params["metrics"] = names
    return params


def _without_dates(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of now, not of then: dates that followed from the instant are left out, others stay."""
    kept = {name: value for name, value in params.items() if name != "as_of"}
    if "since" not in kept or "until" not in kept:
        return kept
    since, until = date.fromisoformat(kept["since"]), date.fromisoformat(kept["until"])
    # On the clock of a team it may be a day earlier or later than in UTC.
    days_later = (datetime.fromisoformat(params["as_of"]).date() - until).days
    is_usual = until - since == timedelta(weeks=_USUAL_WEEKS) and since.weekday() == 0
    if is_usual and -1 <= days_later <= 7:
        del kept["since"], kept["until"]
    elif -2 <= days_later <= 0:
        del kept["until"]
    return kept

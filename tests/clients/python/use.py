"""A caller of the generated client: what is right has a type, and each error that is ignored is one."""

from openhours_client import AuthenticatedClient
from openhours_client.api.reports import get_report, trigger_report
from openhours_client.models.complete_answer import CompleteAnswer
from openhours_client.models.failed_answer import FailedAnswer
from openhours_client.models.problem import Problem
from openhours_client.models.pull_request_params import PullRequestParams
from openhours_client.models.pull_requests_trigger import PullRequestsTrigger
from openhours_client.models.running_answer import RunningAnswer
from openhours_client.models.uptime_params import UptimeParams
from openhours_client.models.uptime_trigger import UptimeTrigger


def uptime_link(client: AuthenticatedClient) -> str:
    params = UptimeParams(lookback_hours=48, stores=["1"], hourly=True)
    triggered = trigger_report.sync(client=client, body=UptimeTrigger(params=params), wait=30)
    if triggered is None or isinstance(triggered, Problem):
        return "refused" if triggered is None else triggered.detail
    answer = get_report.sync(client=client, report_id=triggered.report_id)
    if isinstance(answer, CompleteAnswer):
        return answer.files[0].url
    if isinstance(answer, FailedAnswer):
        return answer.error.message
    return f"{answer.stage} {answer.progress}" if isinstance(answer, RunningAnswer) else "cancelled"


def right_triggers(client: AuthenticatedClient) -> None:
    trigger_report.sync(client=client, body=None)
    trigger_report.sync(client=client, body=PullRequestsTrigger("pull_requests", PullRequestParams(teams=None)))


def wrong_triggers(client: AuthenticatedClient) -> None:
    UptimeParams(lookback_hours="48")  # type: ignore[arg-type]  # no number
    UptimeParams(lookback_hour=48)  # type: ignore[call-arg]  # a misspelt parameter
    UptimeTrigger(params=PullRequestParams())  # type: ignore[arg-type]  # parameters of another kind
    UptimeTrigger("uptimes")  # type: ignore[arg-type]  # no kind
    PullRequestsTrigger()  # type: ignore[call-arg]  # only the default kind goes without its name
    get_report.sync(client=client, id="1")  # type: ignore[call-arg]  # no query parameter

"""What is easily counted wrong of what GitHub tells, each with a figure worked out by hand.

Working hours are Monday to Friday from 08:00Z to 16:00Z here: nine to five in Berlin, in winter. 2024-11-04
is a Monday.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from app.metrics.outcome import STATES, State
from app.metrics.shipped import shipped
from app.storage.resources import Resources
from tests.conftest import LoadText
from tests.metrics.asking import Ask, asked, cells_of, keys_of
from tests.reference.metrics import WHOLE, Cell, Figure
from tests.sources.histories import history

PULLS = "repo,number,author,author_id,created_at,merged_at"
COMMITS = "repo,sha,author,author_id,authored_at,committed_at,parents,parent_shas,reverts"
REVIEWS = "repo,number,review_id,reviewer,reviewer_id,reviewer_is_bot,state,submitted_at,commit_sha"
REQUESTS = "repo,number,event_id,reviewer,reviewer_id,requested_team,requested_at"
RUNS = "repo,run_id,attempt,workflow,head_sha,conclusion,started_at,updated_at"
JOBS = "repo,job_id,run_id,attempt,conclusion,created_at,started_at,completed_at"
DEPLOYMENTS = "repo,deployment_id,environment,sha,is_production,is_transient,created_at,succeeded_at,updated_at"
ISSUES = "repo,number,state,labels,created_at"
BRANCHES = "repo,branch,seen_on,sha,is_default,is_protected,committed_at"

HOUR, MINUTE = 3600, 60


def asks(by: str = "repo", *, labels: tuple[str, ...] = (), as_of: datetime | None = None) -> Ask:
    """Of November 2024, weekly, on its last evening."""
    now = as_of or datetime(2024, 11, 30, 20, tzinfo=UTC)
    return Ask(date(2024, 11, 4), date(2024, 12, 1), "week", by, now, incident_labels=labels)


def cells(resources: Resources, metric: str, ask: Ask | None = None) -> dict[Cell, Figure]:
    """Every cell of a shipped metric."""
    with resources.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        outcome = asked(connection, {metric: shipped()[metric]}, ask or asks())
    return cells_of(outcome, outcome.metrics[0].cells)


def whole(
    resources: Resources, metric: str, ask: Ask | None = None, words: Sequence[str] = ()
) -> tuple[float | None, int]:
    """The figure of all together over all of the dates, and of how many it is."""
    figure = cells(resources, metric, ask).get((WHOLE, tuple(words), WHOLE), Figure(None, 0))
    return figure.value, figure.n


def rows(header: str, *lines: str) -> str:
    return "\n".join([header, *lines]) + "\n"


# Version control


def test_a_rebase_keeps_the_dates_of_authors_so_that_a_commit_counts_by_its_place(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("commits", rows(COMMITS, "a/r,c1,ada,1,2024-08-01T09:00:00Z,2024-11-05T09:00:00Z,1,c0,"))
    told = cells(resources, "commits")
    assert told[WHOLE, (), "2024-W45"].value == 1
    assert told[WHOLE, (), WHOLE].value == 1


def test_a_squash_makes_one_commit_whose_lead_time_hides_those_before(
    resources: Resources, load_text: LoadText
) -> None:
    at = "2024-11-05T09:00:00Z,2024-11-04T09:00:00Z,2024-11-06T09:00:00Z"
    load_text("pull_requests", f"repo,number,created_at,first_commit_at,merged_at\na/r,1,{at}\n")
    load_text("commits", rows(
        COMMITS,
        "a/r,c0,ada,1,2024-11-01T09:00:00Z,2024-11-01T09:00:00Z,0,,",
        "a/r,squashed,ada,1,2024-11-06T09:00:00Z,2024-11-06T09:00:00Z,1,c0,",
    ))  # fmt: skip
    load_text("deployments", rows(
        DEPLOYMENTS,
        "a/r,1,production,c0,true,false,2024-11-04T09:00:00Z,2024-11-04T09:00:00Z,",
        "a/r,2,production,squashed,true,false,2024-11-06T10:00:00Z,2024-11-06T10:00:00Z,",
    ))  # fmt: skip
    assert whole(resources, "commits") == (1, 1)
    assert whole(resources, "change_lead_time") == (1 * HOUR, 1)
    assert whole(resources, "coding_time") == (8 * HOUR, 1), "Monday 09-16Z, Tuesday 08-09Z"


def test_merges_are_counted_apart_from_other_commits(resources: Resources, load_text: LoadText) -> None:
    at = "2024-11-05T09:00:00Z"
    lines = (f"a/r,{sha},ada,1,{at},{at},{parents},," for sha, parents in (("c1", 1), ("c2", 1), ("m", 2)))
    load_text("commits", rows(COMMITS, *lines))
    assert whole(resources, "commits") == (2, 2)
    assert whole(resources, "merge_commits") == (1, 1)


def test_a_forced_push_takes_commits_away_of_the_past_too(resources: Resources, load_text: LoadText) -> None:
    at = "2024-11-05T09:00:00Z"
    load_text("commits", rows(COMMITS, *(f"a/r,{sha},ada,1,{at},{at},1,," for sha in ("c1", "c2"))))
    assert whole(resources, "commits") == (2, 2)
    load_text("commits", "repo,sha,dropped\na/r,c2,true\n")
    assert whole(resources, "commits") == (1, 1)


def test_what_a_bot_closes_because_it_is_old_was_not_accepted(resources: Resources, load_text: LoadText) -> None:
    load_text("pull_requests", rows(
        "repo,number,author,created_at,merged_at,closed_at",
        "a/r,1,ada,2024-11-04T09:00:00Z,2024-11-05T09:00:00Z,2024-11-05T09:00:00Z",
        "a/r,2,ada,2024-06-04T09:00:00Z,,2024-11-05T10:00:00Z",
    ))  # fmt: skip
    assert whole(resources, "acceptance") == (50, 2)


def test_the_revert_of_a_revert_counts_too(resources: Resources, load_text: LoadText) -> None:
    load_text("pull_requests", rows(
        PULLS + ",reverts",
        "a/r,1,ada,1,2024-11-04T09:00:00Z,2024-11-05T09:00:00Z,",
        "a/r,2,ada,1,2024-11-06T09:00:00Z,2024-11-06T10:00:00Z,1",
        "a/r,3,ada,1,2024-11-07T09:00:00Z,2024-11-07T10:00:00Z,2",
        "a/r,4,ada,1,2024-11-08T09:00:00Z,,3",  # says so, and is not merged
    ))  # fmt: skip
    assert whole(resources, "reverts") == (pytest.approx(200 / 3), 3)


def test_a_revert_by_hand_is_seen_only_if_its_message_says_so(resources: Resources, load_text: LoadText) -> None:
    load_text("pull_requests", rows(
        PULLS + ",merge_sha",
        "a/r,1,ada,1,2024-11-04T09:00:00Z,2024-11-05T09:00:00Z,m1",
        "a/r,2,ada,1,2024-11-04T09:00:00Z,2024-11-05T09:00:00Z,m2",
    ))  # fmt: skip
    at = "2024-11-06T09:00:00Z"
    load_text("commits", rows(COMMITS, f"a/r,c1,ada,1,{at},{at},1,,", f"a/r,c2,ada,1,{at},{at},1,,m2"))
    assert whole(resources, "reverts") == (50, 2)


def _merged_and_reviewed(load_text: LoadText, *reviews: str) -> None:
    load_text("pull_requests", rows(PULLS, "a/r,1,ada,1,2024-11-04T09:00:00Z,2024-11-08T09:00:00Z"))
    load_text("reviews", rows(REVIEWS, *reviews))


def test_a_review_that_was_not_submitted_is_none(resources: Resources, load_text: LoadText) -> None:
    _merged_and_reviewed(load_text, "a/r,1,1,ben,2,false,PENDING,,c1")
    assert whole(resources, "reviews_per_pull_request") == (0, 1)
    assert whole(resources, "reviews_per_reviewer") == (None, 0)
    assert whole(resources, "merged_without_review") == (100, 1)


def test_nobody_reviews_their_own_pull_request_whatever_the_case_of_their_login(
    resources: Resources, load_text: LoadText
) -> None:
    _merged_and_reviewed(
        load_text,
        "a/r,1,1,Ada,,false,COMMENTED,2024-11-05T09:00:00Z,c1",
        "a/r,1,2,renamed,1,false,APPROVED,2024-11-05T09:00:00Z,c1",
        "a/r,1,3,ada,2,false,APPROVED,2024-11-05T09:00:00Z,c1",  # who has taken her old login is another
    )
    assert whole(resources, "reviews_per_pull_request") == (1, 1)
    assert whole(resources, "reviews_per_reviewer") == (1, 1)


def test_bots_review_for_nobody(resources: Resources, load_text: LoadText) -> None:
    _merged_and_reviewed(
        load_text,
        "a/r,1,1,checker[bot],9,,COMMENTED,2024-11-04T09:00:01Z,c1",
        "a/r,1,2,robot,8,true,APPROVED,2024-11-04T09:00:02Z,c1",
    )
    assert whole(resources, "reviews_per_pull_request") == (0, 1)
    assert whole(resources, "merged_without_review") == (100, 1)
    assert whole(resources, "review_load_top") == (None, 0)


def test_a_dismissed_review_is_a_review_that_asked_for_nothing(resources: Resources, load_text: LoadText) -> None:
    load_text("pull_requests", rows(PULLS + ",head_sha", "a/r,1,ada,1,2024-11-04T09:00:00Z,2024-11-08T09:00:00Z,c9"))
    load_text("reviews", rows(
        REVIEWS,
        "a/r,1,1,ben,2,false,CHANGES_REQUESTED,2024-11-05T09:00:00Z,c1",
        "a/r,1,2,cem,3,false,CHANGES_REQUESTED,2024-11-05T10:00:00Z,c1",  # the same round
        "a/r,1,3,ben,2,false,DISMISSED,2024-11-06T09:00:00Z,c2",
        "a/r,1,4,ben,2,false,CHANGES_REQUESTED,2024-11-07T09:00:00Z,c9",  # no push came after it
    ))  # fmt: skip
    assert whole(resources, "review_rounds") == (1, 1)
    assert whole(resources, "reviews_per_pull_request") == (4, 1)


def test_a_phase_that_ends_before_it_begins_is_unknown(resources: Resources, load_text: LoadText) -> None:
    load_text("pull_requests", rows(
        "repo,number,created_at,first_commit_at,first_review_at,approved_at,merged_at",
        "a/r,1,2024-11-05T09:00:00Z,2024-11-05T10:00:00Z,2024-11-05T08:30:00Z,2024-11-05T11:00:00Z,2024-11-05T12:00:00Z",
    ))  # fmt: skip
    assert whole(resources, "coding_time") == (None, 0), "after a forced push"
    assert whole(resources, "pickup_time") == (None, 0), "reviewed before it was opened"
    assert whole(resources, "review_time") == (2 * HOUR, 1), "from when it was ready"
    assert whole(resources, "merge_time") == (1 * HOUR, 1)
    assert whole(resources, "cycle_time") == (3 * HOUR, 1), "from the creation"


def test_waiting_counts_in_the_working_hours_of_the_team(resources: Resources, load_text: LoadText) -> None:
    load_text("timezones", "team,timezone_str\nWeb,America/New_York\n")
    load_text(
        "hours", rows("team,day,start_time_local,end_time_local", *(f"Web,{day},09:00,17:00" for day in range(5)))
    )
    load_text("pull_requests", rows(
        "repo,number,team,created_at,first_review_at,merged_at",
        # Friday 16:30 in New York, an hour before clocks there change; reviewed on Monday at 09:30.
        "a/r,1,Web,2024-11-01T20:30:00Z,2024-11-04T14:30:00Z,2024-11-04T15:00:00Z",
    ))  # fmt: skip
    told = cells(resources, "pickup_time", asks("team"))
    assert told["Web", (), WHOLE].value == 1 * HOUR


def test_a_branch_that_was_not_looked_at_is_not_none(resources: Resources, load_text: LoadText) -> None:
    load_text("branches", rows(
        BRANCHES,
        "a/r,main,2024-11-06,c1,true,false,2024-01-01T00:00:00Z",
        "a/r,old,2024-11-06,c2,false,false,2024-10-06T00:00:00Z",  # 31 days
        "a/r,newer,2024-11-06,c3,false,false,2024-10-07T00:00:00Z",  # 30 days
        "a/r,kept,2024-11-06,c4,false,true,2024-01-01T00:00:00Z",
        "a/r,main,2024-11-20,c1,true,false,2024-01-01T00:00:00Z",
    ))  # fmt: skip
    told = cells(resources, "stale_branches")
    weeks = {label: told[WHOLE, (), label].value for label in ("2024-W45", "2024-W46", "2024-W47", WHOLE)}
    assert weeks == {"2024-W45": 1, "2024-W46": None, "2024-W47": 0, WHOLE: 0}


# Compatibility


def test_a_range_names_no_version(resources: Resources, load_text: LoadText) -> None:
    versions = ("1.0", "==2.0", '">=1,<2"', "", "2.x", "^1.2")
    lines = (f"a/r,2024-11-06,pypi,p{number},{version}" for number, version in enumerate(versions))
    load_text("dependencies", rows("repo,seen_on,ecosystem,name,version", *lines))
    assert whole(resources, "dependencies_pinned") == (pytest.approx(100 / 3), 6)


def test_drafts_and_what_is_for_trying_out_are_no_releases(resources: Resources, load_text: LoadText) -> None:
    load_text("releases", rows(
        "repo,release_id,tag,is_draft,is_prerelease,published_at",
        "a/r,1,v2.0.0,false,false,2024-11-05T09:00:00Z",
        "a/r,2,v2.1.0,,,2024-11-05T10:00:00Z",
        "a/r,3,v3.0.0,false,true,2024-11-05T11:00:00Z",
        "a/r,4,v3.0.0,true,false,",
        "a/r,5,nightly,false,false,2024-11-05T12:00:00Z",
    ))  # fmt: skip
    assert whole(resources, "releases") == (3, 3)
    assert whole(resources, "major_releases") == (50, 2)


def test_an_update_waits_from_thirty_days_on_and_when_it_was_merged_no_more(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("pull_requests", rows(
        "repo,number,author,created_at,merged_at",
        "a/r,1,dependabot[bot],2024-10-11T22:00:00Z,2024-11-17T23:00:00Z",  # both are midnight in Berlin
        "a/r,2,dependabot[bot],2024-10-12T10:00:00Z,",
        "a/r,3,ada,2024-01-01T10:00:00Z,",
        "a/r,4,renovate[bot],2024-10-01T10:00:00Z,2024-11-17T23:00:01Z",
    ))  # fmt: skip
    told = cells(resources, "updates_waiting")
    assert [told[WHOLE, (), f"2024-W{week}"].value for week in (45, 46, 47, 48)] == [2, 2, 1, 1]
    assert whole(resources, "time_to_update")[1] == 2


# Infrastructure


def _runs(load_text: LoadText, *runs: tuple[int, int, str]) -> None:
    at = "2024-11-05T10:00:00Z,2024-11-05T12:00:00Z"
    load_text("workflow_runs", rows(RUNS, *(f"a/r,{run},{attempt},CI,c1,{end},{at}" for run, attempt, end in runs)))


def test_what_was_cancelled_or_skipped_has_no_outcome(resources: Resources, load_text: LoadText) -> None:
    ends = ("success", "failure", "cancelled", "skipped", "neutral", "action_required", "stale", "")
    _runs(load_text, *((number, 1, end) for number, end in enumerate(ends, 1)))
    assert whole(resources, "ci_success", words=("CI", "other")) == (50, 2)


def test_a_run_that_passes_when_it_is_run_again_failed_at_first(resources: Resources, load_text: LoadText) -> None:
    _runs(load_text, (1, 1, "failure"), (1, 2, "success"), (2, 1, "failure"), (3, 1, "success"), (3, 2, "failure"))
    assert whole(resources, "ci_success", words=("CI", "other")) == (pytest.approx(100 / 3), 3)
    assert whole(resources, "ci_flakiness", words=("CI",)) == (pytest.approx(100 / 3), 3)


def test_an_attempt_ends_with_its_last_job_and_not_when_it_was_updated(
    resources: Resources, load_text: LoadText
) -> None:
    _runs(load_text, (1, 1, "success"))
    load_text("workflow_jobs", rows(
        JOBS,
        "a/r,1,1,1,success,2024-11-05T10:00:00Z,2024-11-05T10:00:10Z,2024-11-05T10:03:00Z",
        "a/r,2,1,1,success,2024-11-05T10:00:00Z,2024-11-05T10:01:00Z,2024-11-05T10:05:00Z",
    ))  # fmt: skip
    assert whole(resources, "ci_duration", words=("CI",)) == (4 * MINUTE + 50, 1)


def test_a_job_that_an_attempt_took_over_did_not_wait_a_negative_time(
    resources: Resources, load_text: LoadText
) -> None:
    _runs(load_text, (1, 2, "success"))
    load_text("workflow_jobs", rows(
        JOBS,
        "a/r,1,1,2,success,2024-11-05T10:00:00Z,2024-11-05T09:00:00Z,2024-11-05T09:10:00Z",  # taken over
        "a/r,2,1,2,success,2024-11-05T10:00:00Z,2024-11-05T10:00:30Z,2024-11-05T10:02:30Z",
        "a/r,3,1,2,skipped,2024-11-05T10:00:00Z,2024-11-05T10:00:00Z,2024-11-05T10:30:00Z",
    ))  # fmt: skip
    assert whole(resources, "ci_queue_time") == (30, 1)
    assert whole(resources, "ci_duration", words=("CI",)) == (2 * MINUTE, 1)


def test_old_jobs_that_do_not_say_when_they_were_queued_have_no_queue_time(
    resources: Resources, load_text: LoadText
) -> None:
    _runs(load_text, (1, 1, "success"))
    load_text("workflow_jobs", rows(
        JOBS,
        "a/r,1,1,1,success,,2024-11-05T10:00:10Z,2024-11-05T10:03:10Z",
        "a/r,2,9,1,success,2024-11-05T11:00:00Z,2024-11-05T11:00:20Z,2024-11-05T11:03:00Z",  # whose run nobody told of
    ))  # fmt: skip
    assert whole(resources, "ci_queue_time") == (20, 1)
    assert whole(resources, "ci_duration", words=("CI",)) == (3 * MINUTE, 1)


def test_a_deployment_counts_when_it_first_succeeded_and_not_when_another_took_its_place(
    resources: Resources, load_text: LoadText
) -> None:
    load_text("deployments", rows(
        DEPLOYMENTS,
        "a/r,1,production,c1,true,false,2024-11-05T09:00:00Z,2024-11-05T09:10:00Z,2024-11-20T09:00:00Z",
        "a/r,2,production,c1,true,false,2024-11-05T09:00:00Z,,2024-11-05T09:20:00Z",
        "a/r,3,pr-7,c1,true,true,2024-11-05T09:00:00Z,2024-11-05T09:10:00Z,",  # goes away again
        "a/r,4,staging,c1,,,2024-11-05T09:00:00Z,2024-11-05T09:10:00Z,",
        "a/r,5,Production,c1,,,2024-11-05T09:00:00Z,2024-11-05T09:10:00Z,",
    ))  # fmt: skip
    told = cells(resources, "deployment_frequency")
    assert [told[WHOLE, (), label].value for label in ("2024-W45", "2024-W47", WHOLE)] == [2, 0, 2]


def _commits(load_text: LoadText, *commits: tuple[str, str, str, str]) -> None:
    """Commits by hash, instant, parents and what they revert."""
    lines = (
        f"a/r,{sha},ada,1,2024-01-01T00:00:00Z,{at},{len(parents.split(';')) if parents else 0},{parents},{reverts}"
        for sha, at, parents, reverts in commits
    )
    load_text("commits", rows(COMMITS, *lines))


def _deployed(load_text: LoadText, *deployments: tuple[str, str], environment: str = "production") -> None:
    """Commits that went to production, when; the deployments are numbered."""
    lines = (
        f"a/r,{number},{environment},{sha},true,false,{at},{at}," for number, (sha, at) in enumerate(deployments, 1)
    )
    load_text("deployments", rows(DEPLOYMENTS, *lines))


def test_the_first_deployment_has_no_lead_time_and_a_commit_has_its_first(
    resources: Resources, load_text: LoadText
) -> None:
    _commits(
        load_text,
        ("c1", "2024-11-01T09:00:00Z", "", ""),
        ("c2", "2024-11-04T09:00:00Z", "c1", ""),
        ("side", "2024-11-04T12:00:00Z", "c1", ""),
        ("merge", "2024-11-05T09:00:00Z", "c2;side", ""),
    )
    _deployed(
        load_text,
        ("c1", "2024-11-04T08:00:00Z"),
        ("c2", "2024-11-04T10:00:00Z"),
        ("merge", "2024-11-05T12:00:00Z"),
        ("c2", "2024-11-06T10:00:00Z"),  # back
        ("merge", "2024-11-07T10:00:00Z"),  # and there again: it was there before
    )
    assert whole(resources, "change_lead_time") == (12.5 * HOUR, 2), "1 h and 24 h, the merge left out"


INCIDENTS = asks(labels=("incident",))


def test_an_incident_belongs_to_the_last_deployment_before_it_within_the_window(
    resources: Resources, load_text: LoadText
) -> None:
    _deployed(
        load_text,
        ("c1", "2024-11-04T10:00:00Z"),
        ("c2", "2024-11-04T12:00:00Z"),
        ("c3", "2024-11-11T10:00:00Z"),  # the incident comes 30 hours later
    )
    load_text("issues", rows(
        ISSUES,
        "a/r,1,open,bug;incident,2024-11-04T13:00:00Z",
        "a/r,2,open,incident,2024-11-12T16:00:00Z",
        "a/r,3,open,bug,2024-11-11T11:00:00Z",
        "a/other,4,open,incident,2024-11-11T11:00:00Z",
    ))  # fmt: skip
    load_text("deployments", rows(
        DEPLOYMENTS,
        # Elsewhere somebody deploys after the first deployment and before the incident: that says nothing of it.
        "a/other,1,production,c1,true,false,2024-11-04T12:30:00Z,2024-11-04T12:30:00Z,",
    ))  # fmt: skip
    told = cells(resources, "change_fail_rate", INCIDENTS)
    assert (told["a/r", (), WHOLE].value, told["a/r", (), WHOLE].n) == (pytest.approx(100 / 3), 3)
    assert whole(resources, "incidents", INCIDENTS) == (3, 3)
    assert whole(resources, "recovery_time", INCIDENTS) == (7 * 24 * HOUR - 2 * HOUR, 1)


def test_without_a_convention_nobody_knows_what_failed(resources: Resources, load_text: LoadText) -> None:
    _deployed(load_text, ("c1", "2024-11-04T10:00:00Z"))
    load_text("issues", rows(ISSUES, "a/r,1,open,incident,2024-11-04T13:00:00Z"))
    assert whole(resources, "change_fail_rate") == (None, 0)
    assert whole(resources, "recovery_time") == (None, 0)
    assert {name for name, document in shipped().items() if document.get("needs") == "incidents"} == {
        *("change_fail_rate", "incidents", "recovery_time")
    }


def test_a_rollback_puts_back_what_was_there_and_a_repeat_does_not(resources: Resources, load_text: LoadText) -> None:
    _deployed(
        load_text,
        ("c1", "2024-11-04T10:00:00Z"),
        ("c1", "2024-11-04T11:00:00Z"),  # again
        ("c2", "2024-11-04T12:00:00Z"),  # fails
        ("c1", "2024-11-04T13:00:00Z"),
        ("c3", "2024-11-06T12:00:00Z"),
        ("c1", "2024-11-08T12:00:00Z"),  # two days later
    )
    assert whole(resources, "change_fail_rate", INCIDENTS) == (pytest.approx(100 / 6), 6)
    assert whole(resources, "recovery_time", INCIDENTS) == (1 * HOUR, 1)


def test_a_revert_fails_the_deployment_that_first_brought_the_commit(resources: Resources, load_text: LoadText) -> None:
    _commits(
        load_text,
        ("c1", "2024-11-01T09:00:00Z", "", ""),
        ("c2", "2024-11-04T09:00:00Z", "c1", ""),
        ("c3", "2024-11-04T11:30:00Z", "c2", ""),
        ("c4", "2024-11-04T13:00:00Z", "c3", "c2"),
    )
    _deployed(load_text, ("c1", "2024-11-04T08:00:00Z"), ("c2", "2024-11-04T10:00:00Z"), ("c3", "2024-11-04T12:00:00Z"))
    assert whole(resources, "change_fail_rate", INCIDENTS) == (pytest.approx(100 / 3), 3)
    assert whole(resources, "recovery_time", INCIDENTS) == (2 * HOUR, 1), "the second failed, the third came next"


# Team


def test_accounts_that_were_deleted_are_nobody_and_one_that_was_renamed_is_one(
    resources: Resources, load_text: LoadText
) -> None:
    at = "2024-11-05T09:00:00Z,2024-11-08T09:00:00Z"
    load_text("pull_requests", rows(
        PULLS,
        *(f"a/r,1,ada,1,{at}", f"a/r,2,adele,1,{at}", f"a/r,3,ada,7,{at}", f"a/r,4,ghost,10137,{at}", f"a/r,5,,,{at}"),
        *(f"a/r,6,Cem,,{at}", f"a/r,7,cem,,{at}", f"a/r,8,dependabot[bot],9,{at}"),
    ))  # fmt: skip
    assert whole(resources, "active_contributors") == (3, 5), "ada, who has taken her login, and cem"
    assert whole(resources, "pull_requests_merged") == (7, 7)


def test_who_was_there_before_is_not_new_and_who_stays_away_is_gone_once(
    resources: Resources, load_text: LoadText
) -> None:
    # The report ends on December 1st: these days are from November 3rd on, those before them from October 6th on.
    days = (("ada", "2024-06-03"), ("ada", "2024-11-05"), ("ben", "2024-10-08"), ("cem", "2024-10-09"))
    days += (("cem", "2024-11-06"), ("dan", "2024-11-07"), ("eva", "2024-07-01"))
    lines = (f"a/r,{number},{who},,{day}T09:00:00Z,{day}T10:00:00Z" for number, (who, day) in enumerate(days, 1))
    load_text("pull_requests", rows(PULLS, *lines))
    names = ("active_contributors", "new_contributors", "returning_contributors", "gone_contributors")
    assert [whole(resources, name)[0] for name in names] == [3, 1, 1, 1]


def _asked(load_text: LoadText, *requests: str) -> None:
    load_text("pull_requests", rows(PULLS, "a/r,1,ada,1,2024-11-04T08:00:00Z,2024-11-08T09:00:00Z"))
    load_text("review_requests", rows(REQUESTS, *requests))


def test_who_is_asked_again_answers_the_last_request(resources: Resources, load_text: LoadText) -> None:
    _asked(
        load_text,
        "a/r,1,1,ben,2,,2024-11-04T09:00:00Z",
        "a/r,1,2,Ben,2,,2024-11-04T11:00:00Z",
        "a/r,1,3,ben,2,,2024-11-05T09:00:00Z",
        "a/r,1,4,cem,3,,2024-11-04T09:00:00Z",  # never answers
    )
    load_text("reviews", rows(
        REVIEWS,
        "a/r,1,1,ada,1,false,COMMENTED,2024-11-04T11:30:00Z,c1",
        "a/r,1,2,ben,2,false,COMMENTED,2024-11-04T12:00:00Z,c1",
        "a/r,1,3,ben,2,false,APPROVED,2024-11-04T15:00:00Z,c1",
        "a/r,1,4,ben,2,false,APPROVED,2024-11-05T12:00:00Z,c1",
        "a/r,1,5,cem,3,false,APPROVED,2024-11-08T09:00:00Z,c1",  # as it was merged
    ))  # fmt: skip
    assert whole(resources, "response_time") == (2 * HOUR, 2), "1 h and 3 h"


def test_what_was_taken_back_waits_for_nobody(resources: Resources, load_text: LoadText) -> None:
    _asked(load_text)
    load_text("review_requests", rows(
        REQUESTS + ",is_removed",
        "a/r,1,1,ben,2,,2024-11-04T09:00:00Z,",
        "a/r,1,2,ben,2,,2024-11-04T10:00:00Z,true",
    ))  # fmt: skip
    load_text("reviews", rows(REVIEWS, "a/r,1,1,ben,2,false,APPROVED,2024-11-04T12:00:00Z,c1"))
    assert whole(resources, "response_time") == (None, 0)


def test_any_member_answers_for_a_team_and_nobody_else(resources: Resources, load_text: LoadText) -> None:
    load_text("team_members", rows(
        "team,login,valid_to,seen_on",
        "Web,ben,2024-10-31,",  # was
        "Web,cem,,",
        "Api,dan,,2024-11-01",
        "Api,eva,,2024-11-01",
        "Api,eva,,2024-11-05",  # dan was there, and is no more
        "Other,fay,,",
    ))  # fmt: skip
    _asked(
        load_text,
        "a/r,1,1,,,Web,2024-11-04T09:00:00Z",
        "a/r,1,2,,,api,2024-11-05T09:00:00Z",
        "a/r,1,3,,,Other,2024-11-07T09:00:00Z",
    )
    load_text("reviews", rows(
        REVIEWS,
        "a/r,1,1,fay,,false,APPROVED,2024-11-04T09:10:00Z,c1",
        "a/r,1,2,ben,,false,APPROVED,2024-11-04T10:00:00Z,c1",
        "a/r,1,3,Cem,3,false,APPROVED,2024-11-04T12:00:00Z,c1",
        "a/r,1,4,dan,,false,APPROVED,2024-11-05T10:00:00Z,c1",
        "a/r,1,5,eva,,false,APPROVED,2024-11-05T14:00:00Z,c1",
    ))  # fmt: skip
    assert whole(resources, "response_time") == (4 * HOUR, 2), "3 h and 5 h"


@pytest.mark.parametrize(("people", "expected"), [(4, (None, True)), (5, (20, False))])
def test_what_happens_after_hours_is_told_of_five_people_or_more(
    resources: Resources, load_text: LoadText, people: int, expected: tuple[float | None, bool]
) -> None:
    load_text("timezones", "team,timezone_str\nWeb,Europe/Berlin\n")
    hours = ("2024-11-05T15:59:59Z", "2024-11-05T16:00:00Z", *("2024-11-05T08:00:00Z",) * 3)
    lines = (f"a/r,{number},Web,dev-{number},2024-11-04T09:00:00Z,{at}" for number, at in enumerate(hours[:people], 1))
    load_text("pull_requests", rows("repo,number,team,author,created_at,merged_at", *lines))
    figure = cells(resources, "after_hours", asks("team"))["Web", (), WHOLE]
    assert (figure.value, figure.is_withheld) == expected


def test_who_changes_teams_takes_nothing_along(resources: Resources, load_text: LoadText) -> None:
    load_text("team_members", "team,login,valid_from,valid_to\nOld,ada,,2024-11-10\nNew,ada,2024-11-11,\n")
    load_text("pull_requests", rows(
        PULLS,
        "a/r,1,ada,1,2024-11-10T23:59:59Z,2024-11-20T09:00:00Z",  # the 11th in Berlin: days are those of UTC
        "a/r,2,ada,1,2024-11-11T00:00:00Z,2024-11-12T09:00:00Z",
    ))  # fmt: skip
    told = cells(resources, "pull_requests_merged", asks("team"))
    assert [told[team, (), WHOLE].value for team in ("Old", "New", WHOLE)] == [1, 1, 2]


# What a figure says of itself


def test_a_median_of_fewer_than_five_says_so_and_a_count_does_not(resources: Resources, load_text: LoadText) -> None:
    lines = (f"a/r{number % 2},{number},ada,1,2024-11-05T09:00:00Z,2024-11-05T10:00:00Z" for number in range(1, 10))
    load_text("pull_requests", rows(PULLS, *lines))
    with resources.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        definitions = {name: shipped()[name] for name in ("cycle_time", "pull_requests_merged")}
        outcome = asked(connection, definitions, asks())
    few = [
        {
            (outcome.names[group] if group >= 0 else WHOLE)
            for group, few in zip(told.cells.group.tolist(), told.few.tolist(), strict=True)
            if few
        }
        for told in outcome.metrics
    ]
    assert few == [{"a/r0"}, set()]


def test_what_was_not_read_is_partial_and_none_of_it_is_not_zero(resources: Resources) -> None:
    with history(resources, 7, repositories=1, steps=30) as lived:
        lived.quiet_syncs()
        today = lived.world.now.date()
    monday = today - timedelta(days=today.weekday())
    # Two weeks after the last sync, of a week before it and of one after it.
    ask = Ask(
        monday - timedelta(days=7), monday + timedelta(days=14), "week", "repo", lived.world.now + timedelta(days=21)
    )
    with resources.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        outcome = asked(connection, {"opened": _OPENED}, ask)
    (told,) = outcome.metrics
    figures = cells_of(outcome, told.cells)
    states = dict(zip(keys_of(outcome, told.cells), (STATES[state] for state in told.state.tolist()), strict=True))
    before, _, after = ((WHOLE, (), label) for label in outcome.division.labels)
    assert (states[before], states[after]) == (State.COMPLETE, State.PARTIAL)
    assert (figures[after].value, figures[after].n) == (None, 0)
    assert figures[before].value is not None
    assert outcome.not_read == {"pull_requests": [f"{lived.name}/shop-1"]}


_OPENED = {"pillar": "team", "title": "Opened", "from": "pull_requests", "when": "created_at", "value": {"count": "*"}}

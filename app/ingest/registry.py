"""The dataset kinds, by the name that commands and addresses use. A new kind is its file and its line here."""

from app.ingest.kind import DatasetKind
from app.ingest.kinds.branches import BRANCHES
from app.ingest.kinds.calendars import CALENDARS
from app.ingest.kinds.commits import COMMITS
from app.ingest.kinds.dependencies import DEPENDENCIES
from app.ingest.kinds.deployments import DEPLOYMENTS
from app.ingest.kinds.entities import ENTITIES
from app.ingest.kinds.exceptions import EXCEPTIONS
from app.ingest.kinds.holidays import HOLIDAYS
from app.ingest.kinds.hours import HOURS
from app.ingest.kinds.installs import INSTALLS
from app.ingest.kinds.issues import ISSUES
from app.ingest.kinds.moves import MOVES
from app.ingest.kinds.polls import POLLS
from app.ingest.kinds.pull_requests import PULL_REQUESTS
from app.ingest.kinds.releases import RELEASES
from app.ingest.kinds.repositories import REPOSITORIES
from app.ingest.kinds.repository_files import REPOSITORY_FILES
from app.ingest.kinds.review_comments import REVIEW_COMMENTS
from app.ingest.kinds.review_requests import REVIEW_REQUESTS
from app.ingest.kinds.review_times import REVIEW_TIMES
from app.ingest.kinds.reviews import REVIEWS
from app.ingest.kinds.table import TABLE
from app.ingest.kinds.team_members import TEAM_MEMBERS
from app.ingest.kinds.team_repositories import TEAM_REPOSITORIES
from app.ingest.kinds.timezones import TIMEZONES
from app.ingest.kinds.workflow_jobs import WORKFLOW_JOBS
from app.ingest.kinds.workflow_runs import WORKFLOW_RUNS

DATASET_KINDS: dict[str, DatasetKind] = {
    kind.name: kind
    for kind in (
        POLLS,
        HOURS,
        TIMEZONES,
        EXCEPTIONS,
        HOLIDAYS,
        CALENDARS,
        ENTITIES,
        PULL_REQUESTS,
        REVIEW_TIMES,
        REPOSITORIES,
        REVIEWS,
        REVIEW_COMMENTS,
        REVIEW_REQUESTS,
        COMMITS,
        ISSUES,
        WORKFLOW_RUNS,
        WORKFLOW_JOBS,
        RELEASES,
        DEPLOYMENTS,
        BRANCHES,
        REPOSITORY_FILES,
        DEPENDENCIES,
        TEAM_MEMBERS,
        TEAM_REPOSITORIES,
        INSTALLS,
        MOVES,
        TABLE,
    )
}

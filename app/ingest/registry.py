"""The dataset kinds, by the name that commands and addresses use. A new kind is its file and its line here."""

from app.ingest.kind import DatasetKind
from app.ingest.kinds.calendars import CALENDARS
from app.ingest.kinds.entities import ENTITIES
from app.ingest.kinds.exceptions import EXCEPTIONS
from app.ingest.kinds.holidays import HOLIDAYS
from app.ingest.kinds.hours import HOURS
from app.ingest.kinds.polls import POLLS
from app.ingest.kinds.pull_requests import PULL_REQUESTS
from app.ingest.kinds.repositories import REPOSITORIES
from app.ingest.kinds.review_times import REVIEW_TIMES
from app.ingest.kinds.reviews import REVIEWS
from app.ingest.kinds.table import TABLE
from app.ingest.kinds.timezones import TIMEZONES

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
        TABLE,
    )
}

"""The dataset kinds, by the name that commands and addresses use. A new kind is its file and its line here."""

from app.datasets.hours import HOURS
from app.datasets.kind import DatasetKind
from app.datasets.polls import POLLS
from app.datasets.pull_requests import PULL_REQUESTS
from app.datasets.review_times import REVIEW_TIMES
from app.datasets.timezones import TIMEZONES

DATASET_KINDS: dict[str, DatasetKind] = {
    kind.name: kind for kind in (POLLS, HOURS, TIMEZONES, PULL_REQUESTS, REVIEW_TIMES)
}

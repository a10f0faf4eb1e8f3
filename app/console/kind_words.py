"""What the kinds of files are, in a few words: for lists from which people choose one."""

from collections.abc import Sequence
from typing import Final

from app.console.marked import marked
from app.console.texts import Texts

#: By the names of kinds; others are shown by their names alone.
WORDS: Final = {
    "polls": marked("up or down at an instant"),
    "hours": marked("opening hours of the week"),
    "timezones": marked("time zones"),
    "exceptions": marked("dates that differ from the week"),
    "holidays": marked("dates of calendars"),
    "calendars": marked("who uses which calendar"),
    "entities": marked("names and groups of stores and teams"),
    "pull_requests": marked("pull requests"),
    "review_times": marked("seconds until review and merge"),
    "repositories": marked("repositories"),
    "reviews": marked("reviews of pull requests"),
    "review_comments": marked("comments of reviews"),
    "review_requests": marked("requests for reviews"),
    "commits": marked("commits"),
    "issues": marked("issues"),
    "workflow_runs": marked("runs of workflows"),
    "workflow_jobs": marked("jobs of workflows"),
    "releases": marked("releases"),
    "deployments": marked("deployments"),
    "branches": marked("branches"),
    "repository_files": marked("files of repositories"),
    "dependencies": marked("dependencies"),
    "team_members": marked("people of teams"),
    "team_repositories": marked("repositories of teams"),
    "installs": marked("downloads of projects"),
    "moves": marked("new names of repositories and projects"),
    "table": marked("any columns, for roll-ups"),
}


def choices(texts: Texts, names: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of a name and what is shown of it."""
    return [(name, f"{name}: {texts(WORDS[name])}" if name in WORDS else name) for name in names]

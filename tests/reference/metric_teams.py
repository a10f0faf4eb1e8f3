"""Whose something is, slow and plain, by the five ways of docs/teams.md, one row and one day at a time."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]

#: What a team may do in a repository that is its own, what says most first.
MAY_DO = ("admin", "maintain", "push")

OWNERS_FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def team_of(
    tables: Tables, teams: Iterable[str], *, repo: str, author: str | None, on: date, own: str | None = None
) -> str | None:
    """The team of something of a repository on a day, UTC.

    Args:
        tables: rows by dataset kind.
        teams: names of all teams that are known.
        repo: of which it is.
        author: login of whoever it is by, None: that says nothing.
        on: the day that counts.
        own: the team that its own row names.
    """
    ways = (
        own,
        _of_file_or_seen(tables["team_repositories"], "repo", repo, on),
        author and _of_file_or_seen(tables["team_members"], "login", author, on),
        _by_owners_file(tables["repository_files"], teams, repo, on),
        repo if repo in teams else None,
    )
    return next((team for team in ways if team), None)


def _of_file_or_seen(rows: list[Row], column: str, value: str, on: date) -> str | None:
    return _of_file(rows, column, value, on) or _seen(rows, column, value, on)


def _same(column: str, one: str, other: str) -> bool:
    return one.lower() == other.lower() if column == "login" else one == other


def _of_file(rows: list[Row], column: str, value: str, on: date) -> str | None:
    mine = [
        row
        for row in rows
        if row["seen_on"] is None
        and _same(column, row[column], value)
        and (row["valid_from"] or date.min) <= on <= (row["valid_to"] or date.max)
    ]
    latest = max(((row["valid_from"] or date.min) for row in mine), default=None)
    return min((row["team"] for row in mine if (row["valid_from"] or date.min) == latest), default=None)


def _seen(rows: list[Row], column: str, value: str, on: date) -> str | None:
    seen = [row for row in rows if row["seen_on"] is not None]
    claims = []
    for team in {row["team"] for row in seen}:
        looked = {row["seen_on"] for row in seen if row["team"] == team}
        size = sum(row["team"] == team and row["seen_on"] == max(looked) for row in seen)
        decisive = _decisive(looked, on)
        for row in seen:
            if row["team"] != team or row["seen_on"] != decisive or not _same(column, row[column], value):
                continue
            if column == "login":
                claims.append((0, size, team))
            elif row["permission"] in MAY_DO:
                claims.append((MAY_DO.index(row["permission"]), size, team))
    return min(claims)[2] if claims else None


def _decisive(looked: set[date], on: date) -> date:
    """The last of the days up to this one, or the first of all."""
    return max((day for day in looked if day <= on), default=min(looked))


def _by_owners_file(files: list[Row], teams: Iterable[str], repo: str, on: date) -> str | None:
    mine = [row for row in files if row["repo"] == repo]
    if not mine:
        return None
    there = {row["path"]: row["team"] for row in mine if row["seen_on"] == _decisive({r["seen_on"] for r in mine}, on)}
    team = next((there[path] for path in OWNERS_FILES if path in there), None)
    if team is None:
        return None
    called = sorted(
        (name for name in teams if _slug(name) == _slug(team)), key=lambda name: (name == _slug(name), name)
    )
    return called[0] if called else team


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

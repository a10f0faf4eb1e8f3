"""Which team a pull request without one belongs to: docs/teams.md has the rules.

Of each way to know it, the rows become spans of days, of which no two of one repository, or person, overlap. The query
for pull requests joins these.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Date,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    text,
)

from app.series.entities import TEAM
from app.series.tables import pull_request
from app.storage.postgres import as_text

#: How much what a team may do in a repository says that the repository is its own; None: nothing. What else a team may
#: do is a role of the organisation's own, which can write; one that does not say may do everything.
_RANKS: Final[Mapping[str | None, int | None]] = {
    None: 0,
    "admin": 0,
    "maintain": 1,
    "push": 2,
    "write": 2,
    **dict.fromkeys(("triage", "pull", "read")),
}

#: Where GitHub looks for CODEOWNERS; the first one that is there counts.
_OWNERS_FILES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

_DAY: Final = timedelta(days=1)

_CLAIMED: Final = (
    "SELECT {subject} AS subject, team_id, key, {permission} AS permission, nullif(valid_from, '-infinity') AS first, "
    "nullif(valid_to, 'infinity') AS last, nullif(seen_on, '-infinity') AS seen_on "
    "FROM {table} JOIN entity ON entity.id = team_id"
)
_REPOSITORIES: Final = _CLAIMED.format(subject="repo_id", permission="permission", table="team_repository")
_MEMBERS: Final = _CLAIMED.format(subject="lower(login)", permission="NULL", table="team_member")

_OWNERS: Final = text(
    "SELECT repo_id, seen_on, jsonb_object_agg(path, team_id) FILTER (WHERE path = ANY(:paths)) AS owners "
    "FROM repository_file GROUP BY repo_id, seen_on ORDER BY repo_id, seen_on"
)
_NAMESAKES: Final = text(
    "SELECT repository.id, team.id FROM entity AS repository JOIN entity AS team USING (key) "
    "WHERE repository.kind = 'repository' AND team.kind = 'team'"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """From its first to its last day something is a team's; of several claims that with the lowest rank counts."""

    first: date
    last: date
    rank: tuple[Any, ...]
    team: int


#: From the first to the last day, whose something is.
Span = tuple[date, date, int]


#: The column that with_owners() adds.
TEAM_ID: Final = "team_id"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to know the team of something.

    Attributes:
        of: what the subjects are: ids of repositories, or logins of authors in small letters.
        rows: subject, first day, last day, team; of a subject no two share a day.
    """

    of: Literal["repo", "author"]
    rows: Sequence[tuple[Any, date, date, int]]


def settled(claims: Iterable[Claim]) -> list[Span]:
    """Whose something is, in order; days that nobody claims are in no span."""
    every = sorted(claims, key=lambda claim: claim.rank)
    ends = {claim.last + _DAY for claim in every if claim.last < date.max}
    begins = sorted({claim.first for claim in every} | ends)
    found: list[Span] = []
    for number, first in enumerate(begins):
        last = begins[number + 1] - _DAY if number + 1 < len(begins) else date.max
        team = next((claim.team for claim in every if claim.first <= first <= claim.last), None)
        if team is not None:
            goes_on = bool(found) and found[-1][2] == team and found[-1][1] + _DAY == first
            found.append((found.pop()[0] if goes_on else first, last, team))
    return found


def held(seen: Iterable[date], looked: Sequence[date]) -> Iterator[tuple[date, date]]:
    """From when to when something held that was seen on some of the days on which somebody looked, which are sorted.

    It holds until the next of these days. What the first one shows held before it, what the last one shows still does.
    """
    there = set(seen)
    began: date | None = None
    for number, day in enumerate(looked):
        if day in there:
            began = began or (day if number else date.min)
        elif began is not None:
            yield began, day - _DAY
            began = None
    if began is not None:
        yield began, date.max


def read_ways(connection: Connection) -> list[Way]:
    """What is known of teams, the way that counts first in front; ways that know nothing are left out."""
    namesakes = [(repository, date.min, date.max, team) for repository, team in connection.execute(_NAMESAKES)]
    ways = (
        Way("repo", _by_claims(connection, _REPOSITORIES)),
        Way("author", _by_claims(connection, _MEMBERS)),
        Way("repo", _by_owners_files(connection)),
        Way("repo", namesakes),
    )
    return [way for way in ways if way.rows]


def with_teams(ways: Sequence[Way]) -> tuple[str, dict[str, Any]]:
    """Pull requests with the team that is theirs where their rows have none, as SQL, and its parameters.

    The date that counts is that of the creation, UTC.
    """
    if not ways:
        return pull_request.name, {}
    source, params = as_text(with_owners(pull_request, ways, at="created_at", own=TEAM_ID))
    return f"({source}) AS {pull_request.name}", params


def with_owners(
    rows: FromClause,
    ways: Sequence[Way],
    *,
    at: str,
    repo: str = "repo_id",
    author: str = "author",
    own: str | None = None,
) -> Select[Any]:
    """Rows with the column TEAM_ID, which is null where nobody knows their team.

    Args:
        rows: of anything.
        ways: by which their teams are known, the one that counts first in front; a way that needs a column which the
            rows lack is left out.
        at: column of the instant whose date counts, UTC, or of the date.
        repo, author: columns of the repository and of the login.
        own: column of the team that counts before all others; None: there is none.
    """
    day: ColumnElement[Any] = rows.c[at]
    if not isinstance(day.type, Date):
        day = cast(func.timezone("UTC", day), Date)
    source, teams = rows, [] if own is None else [rows.c[own]]
    for number, way in enumerate(ways):
        name = repo if way.of == "repo" else author
        if name not in rows.c:
            continue
        types = (Integer if way.of == "repo" else Text, Date, Date, Integer)
        arrays = [
            cast(literal(list(values), ARRAY(of)), ARRAY(of))
            for of, values in zip(types, zip(*way.rows, strict=True), strict=True)
        ]
        columns = ("subject", "first", "last", "team")
        spans = func.unnest(*arrays).table_valued(*columns, name=f"way{number}").render_derived()
        subject = rows.c[name] if way.of == "repo" else func.lower(rows.c[name])
        same = and_(spans.c.subject == subject, day.between(spans.c.first, spans.c.last))
        source, teams = source.outerjoin(spans, same), [*teams, spans.c.team]
    team = func.coalesce(*teams) if teams else null()
    others = [column for column in rows.c if column.name != TEAM_ID]
    return select(*others, cast(team, Integer).label(TEAM_ID)).select_from(source)


def _by_claims(connection: Connection, query: str) -> list[tuple[Any, date, date, int]]:
    """What files say counts before what was seen on days; of the latter, what says most that it is the team's own."""
    claims: dict[Any, list[Claim]] = defaultdict(list)
    seen: dict[tuple[Any, int, str, str | None], list[date]] = defaultdict(list)
    for row in connection.execute(text(query)):
        if row.seen_on is not None:
            seen[row.subject, row.team_id, row.key, row.permission].append(row.seen_on)
            continue
        first = row.first or date.min
        claims[row.subject].append(Claim(first, row.last or date.max, (0, -first.toordinal(), row.key), row.team_id))
    looked, size = _by_team(seen)
    for (subject, team, key, permission), days in seen.items():
        if (rank := _RANKS.get(permission, 2)) is not None:
            order = (1, rank, size[team], key)
            claims[subject] += [Claim(first, last, order, team) for first, last in held(days, looked[team])]
    return [(subject, *span) for subject, of in claims.items() for span in settled(of)]


def _by_team(
    seen: Mapping[tuple[Any, int, str, str | None], Sequence[date]],
) -> tuple[Mapping[int, Sequence[date]], Mapping[int, int]]:
    """On which days somebody looked at each team, and how much it had on the last of them."""
    days: dict[int, list[date]] = defaultdict(list)
    for (_, team, _, _), of in seen.items():
        days[team] += of
    looked = {team: sorted(set(of)) for team, of in days.items()}
    return looked, {team: of.count(looked[team][-1]) for team, of in days.items()}


def _by_owners_files(connection: Connection) -> list[tuple[Any, date, date, int]]:
    """Whose repositories are by their CODEOWNERS on the days on which their files were read."""
    names = _names_of_teams(connection)
    looked: dict[int, list[date]] = defaultdict(list)
    seen: dict[tuple[int, int], list[date]] = defaultdict(list)
    for repository, day, owners in connection.execute(_OWNERS, {"paths": list(_OWNERS_FILES)}):
        looked[repository].append(day)
        team = next((owners[path] for path in _OWNERS_FILES if path in owners), None) if owners else None
        if team is not None:
            seen[repository, names[team]].append(day)
    return [
        (repository, first, last, team)
        for (repository, team), days in seen.items()
        for first, last in held(days, looked[repository])
    ]


def _names_of_teams(connection: Connection) -> Mapping[int, int]:
    """CODEOWNERS calls a team platform-tools that is called Platform Tools elsewhere: by the one's id the other's."""
    teams = connection.execute(text("SELECT id, key FROM entity WHERE kind = :kind ORDER BY id"), {"kind": TEAM}).all()
    called: dict[str, int] = {}
    for number, key in sorted(teams, key=lambda team: team.key == _slug(team.key)):
        called.setdefault(_slug(key), number)
    return {number: called[_slug(key)] for number, key in teams}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

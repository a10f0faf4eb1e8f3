"""Which repositories the patterns of a source mean today.

Owners are listed each time. A repository that is named is asked for by its number, once a day: the lists of its streams
go by that number, too. Where something leaves a list of repositories while it is read, another may be passed over; so
one that is missing from a list is asked for before it is believed to be gone.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from app.errors import SourceIncomplete, TokenRefused
from app.sources.contract import Absence, Answer, Client, Found, KnownRepository, Missing, Params, Patterns, Repository
from app.sources.cursors.place import instant_of

#: How often a repository that is named is asked for, hours: until then it may be called otherwise unnoticed.
_NAMED_HOURS: Final = 24

#: Of those that are due, a sync asks for so many, or for this part of all.
_NAMED_AT_ONCE: Final = 8
_NAMED_SYNCS: Final = 6

#: What a pattern is found missing for, in words.
_WORDS: Final = {
    Absence.GONE: "GitHub knows no repository of that name, or the token may not see it",
    Absence.FORBIDDEN: "the token may not read it",
    Absence.BLOCKED: "GitHub has blocked it for legal reasons",
}


def find(client: Client, patterns: Patterns, known: Sequence[KnownRepository], now: datetime) -> Found:
    """Ask for what the patterns mean. Raises as the client does, and SourceIncomplete."""
    search = _Search(client, patterns)
    for owner in patterns.owners:
        with search.looking_for(owner):
            search.list_all(owner)
    stale = _stale(patterns, known, now)
    for name in patterns.named:
        with search.looking_for(name):
            search.look_up(name, [one for one in known if one.repository.chosen_as == name], stale)
    for one in known:
        if one.is_read and one.repository.number not in {*search.there, *search.fresh}:
            search.miss(one.repository)
    return Found(list(search.there.values()), search.absent, search.unknown, search.at)


def _stale(patterns: Patterns, known: Sequence[KnownRepository], now: datetime) -> Collection[int]:
    """Those that were named and are asked for again, by number: not all at once, so that no sync takes them all."""
    before = now - timedelta(hours=_NAMED_HOURS)
    old = [one for one in known if one.repository.chosen_as is not None and one.is_read and one.seen_at <= before]
    old.sort(key=lambda one: (one.seen_at, one.repository.number))
    most = max(_NAMED_AT_ONCE, len(patterns.named) // _NAMED_SYNCS)
    return {one.repository.number for one in old[:most]}


@dataclass(slots=True)
class _Search:
    """What is found so far, by number; ``left_out``: listed, but not meant; ``fresh``: not asked for today."""

    client: Client
    patterns: Patterns
    there: dict[int, Repository] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    fresh: set[int] = field(default_factory=set)
    absent: dict[int, tuple[str, str]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    at: datetime | None = None

    @contextmanager
    def looking_for(self, pattern: str) -> Iterator[None]:
        """What it names may not be there."""
        try:
            yield
        except Missing as missing:
            self.unknown[pattern] = f"{pattern}: {_WORDS.get(missing.absence, missing.absence)}."

    def list_all(self, owner: str) -> None:
        """All that an owner has, and patterns mean."""
        for answer, repository in _listed(self.client, owner):
            self.at = min(self.at or answer.at, answer.at)
            if repository.name in self.patterns:
                self.there[repository.number] = repository
            else:
                self.left_out.add(repository.number)

    def look_up(self, name: str, known: Sequence[KnownRepository], stale: Collection[int]) -> None:
        """What was found by this name before, wherever it is now; and what has the name, if it is another."""
        for one in known:
            if one.is_read and one.repository.number not in stale:
                self.fresh.add(one.repository.number)
            elif (found := self._asked(one.repository.number)) is not None:
                self.there[found.number] = _chosen(found, name)
        if not any(one.repository.name.lower() == name for one in known):
            found = _repository(self.client.get(f"/repos/{name}").body)
            self.there[found.number] = _chosen(found, name)

    def miss(self, one: Repository) -> None:
        """One that was read, and is not found: it may have another name or owner, or be gone."""
        number = one.number
        if number in self.absent or one.name.partition("/")[0].lower() in self.unknown:
            return
        found = one if number in self.left_out else self._asked(number)
        if found is not None and number not in self.left_out and found.name in self.patterns:
            self.there[number] = found
        elif found is not None:
            self.absent[number] = ("left", f"{found.name} is not among the repositories of this source any more.")

    def _asked(self, number: int) -> Repository | None:
        try:
            return _repository(self.client.get(f"/repositories/{number}").body)
        except Missing as missing:
            state = missing.state_of_repository
            self.absent[number] = (state, f"{missing.message} {_WORDS[state]}.")
            return None


def first_page(client: Client, owner: str) -> Answer:
    """The first 100 repositories of an organisation, or of a person where there is no organisation of that name.

    Raises as the client does: that the token may not see an organisation does not make it a person.
    """
    try:
        return client.get(f"/orgs/{owner}/repos", _page("all"))
    except Missing as missing:
        if missing.absence is not Absence.GONE:
            raise
    if (own := _own_page(client, owner)) is not None:
        return own
    return client.get(f"/users/{owner}/repos", _page("owner"))


def _own_page(client: Client, owner: str) -> Answer | None:
    """The same of the person whose token it is, whose private repositories no other list has; None: it is not theirs.

    Tokens of Apps are nobody's, and those who ask without a token are told to have a wrong one.
    """
    try:
        told = client.get("/user").body
        is_own = isinstance(told, dict) and str(told.get("login")).lower() == owner.lower()
        return client.get("/user/repos", {"affiliation": "owner", "per_page": 100}) if is_own else None
    except (Missing, TokenRefused):
        return None


def _listed(client: Client, owner: str) -> Iterator[tuple[Answer, Repository]]:
    """The repositories of an organisation, or of a person, with the page that has them."""
    answer = first_page(client, owner)
    path = answer.path
    while True:
        for body in answer.body or ():
            yield answer, _repository(body)
        following: Params | None = answer.next
        if following is None:
            return
        answer = client.get(path, following)
        if not answer.body:
            raise SourceIncomplete(f"{path} announced a page of repositories that was empty. The next sync asks again.")


def _page(kind: str) -> Params:
    return {"type": kind, "per_page": 100}


def _chosen(repository: Repository, name: str) -> Repository:
    """As found by a name: until it is asked for again, nobody knows when somebody has pushed."""
    return Repository(repository.number, repository.name, repository.default_branch, None, chosen_as=name)


def _repository(body: Any) -> Repository:
    return Repository(
        body["id"],
        body["full_name"],
        body.get("default_branch"),
        instant_of(body.get("pushed_at")),
        updated_at=instant_of(body.get("updated_at")),
        open_items=body.get("open_issues_count"),
    )

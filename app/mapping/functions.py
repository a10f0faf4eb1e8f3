"""Functions of expressions beyond those of JMESPath: people, instants, stretches of time, and texts of GitHub.

Each takes null for what a record lacks, and gives null, or an empty list, where there is nothing to find. Numbers may
be texts, because numbers of files stay as they are written.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from jmespath.functions import Functions, signature

#: Longest text that from_base64() gives, bytes: a field of a file may not be longer.
LONGEST_TEXT: Final = 64 << 10

#: Most numbers that below() gives.
MOST_NUMBERS: Final = 1000

#: Who is shown where an account was deleted.
GHOST: Final = "ghost"

_LIST: Final[Any] = {"types": ["array", "null"]}
_TEXT: Final[Any] = {"types": ["string", "null"]}
_ANY: Final[Any] = {"types": []}
_REVERTED: Final = re.compile(r"\bThis reverts commit ([0-9a-f]{40})\b")
#: What GitHub writes into the body of a pull request that its button makes, at the beginning of a line.
_REVERTED_PULL: Final = re.compile(r"^Reverts (?:([\w.-]+/[\w.-]+))?#([1-9][0-9]{0,8})\b", re.ASCII | re.MULTILINE)


class OurFunctions(Functions):
    """The functions by the names that expressions use, behind ``_func_``."""

    @signature(_LIST)
    def _func_people(self, acts: list[Any] | None) -> list[Any]:
        """What people did: without acts of bots. Whoever had an account that was deleted was one of them."""
        return [act for act in acts or () if act is not None and not _is_bot(_who(act))]

    @signature(_LIST, _ANY)
    def _func_others(self, acts: list[Any] | None, somebody: Any) -> list[Any]:
        """What others than somebody did: an account, its login or its number.

        A deleted account is another than somebody who has one; of two deleted ones nobody knows.
        """
        return [act for act in acts or () if act is not None and not _is_same(_who(act), somebody)]

    @signature(_ANY)
    def _func_is_bot(self, account: Any) -> bool | None:
        """Whether an account is a bot; null of none."""
        return _is_bot(account) if isinstance(account, dict) else None

    @signature(_LIST, {"types": ["string"]})
    def _func_explode(self, records: list[Any] | None, path: str) -> list[dict[str, Any]]:
        """A record for each element of a list that records have: the record with the element in place of the list."""
        return [one for record in records or () for one in _exploded(record, path.split("."))]

    @signature(_LIST)
    def _func_earliest(self, instants: list[Any] | None) -> str | None:
        """The first of instants, nulls aside."""
        return min(_instants(instants), default=(None, None))[1]

    @signature(_LIST)
    def _func_latest(self, instants: list[Any] | None) -> str | None:
        """The last of instants, nulls aside."""
        return max(_instants(instants), default=(None, None))[1]

    @signature(_LIST, _TEXT)
    def _func_before(self, instants: list[Any] | None, end: str | None) -> list[str]:
        """The instants before another; all of them, nulls aside, if that is null."""
        last = _instant(end)
        return [text for at, text in _instants(instants) if last is None or at < last]

    @signature(_LIST, _TEXT, _TEXT, _TEXT)
    def _func_stretches(
        self, events: list[Any] | None, begins: str | None, ends: str | None, since: str | None
    ) -> list[dict[str, str | None]]:
        """From when to when something was so, by the events that begin and end it; the last end may be null.

        If the first of them ends it, it has been so since ``since``.
        """
        named = sorted(_named(events, {begins, ends}), key=lambda one: one[0])
        began = since if named and named[0][2] == ends else None
        found: list[dict[str, str | None]] = []
        for _, at, what in named:
            if what == begins:
                began = began or at
            elif began is not None:
                found.append({"begin": began, "end": at})
                began = None
        return found if began is None else [*found, {"begin": began, "end": None}]

    @signature(_LIST)
    def _func_seconds(self, stretches: list[Any] | None) -> int | float | None:
        """How long stretches are together, seconds, those without an end aside; null without any."""
        whole = [(_instant(one["begin"]), _instant(one["end"])) for one in stretches or ()]
        lengths = [(end - begin).total_seconds() for begin, end in whole if begin is not None and end is not None]
        total = sum(lengths)
        return None if not lengths else int(total) if total == int(total) else total

    @signature(_TEXT)
    def _func_day(self, instant: str | None) -> str | None:
        """The date of an instant, UTC."""
        at = _instant(instant)
        return None if at is None else at.astimezone(UTC).date().isoformat()

    @signature({"types": ["number", "string", "null"]})
    def _func_below(self, number: Any) -> list[int]:
        """The whole numbers from 1 to the one before this; none of a smaller one or of none."""
        end = int(number) if re.fullmatch(r"[0-9]{1,18}", str(number)) else 0
        return list(range(1, min(end, MOST_NUMBERS + 1)))

    @signature(_TEXT, {"types": ["string"]}, {"types": ["string"]})
    def _func_between(self, text: str | None, before: str, after: str) -> str | None:
        """What stands between two texts; null if one of them is not there."""
        _, began, rest = (text or "").partition(before)
        found, ended, _ = rest.partition(after)
        return found if began and ended else None

    @signature(_TEXT)
    def _func_from_base64(self, text: str | None) -> str | None:
        """The text of Base64; null of what is not UTF-8, or longer than a field may be."""
        if text is None or len(text) > 2 * LONGEST_TEXT:
            return None
        try:
            found = base64.b64decode(text).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        return None if len(found.encode()) > LONGEST_TEXT or "\0" in found else found

    @signature(_TEXT)
    def _func_hashed(self, text: str | None) -> str | None:
        """SHA-256 of a text in small letters, hexadecimal."""
        return None if not text else hashlib.sha256(text.lower().encode()).hexdigest()

    @signature(_TEXT)
    def _func_owning_team(self, owners: str | None) -> str | None:
        """The first team of the last line for ``*`` in a CODEOWNERS file, without its organisation."""
        everything = [of for pattern, of in _owners(owners or "") if pattern == "*"]
        teams = [one.partition("/")[2] for one in (everything[-1] if everything else ()) if one.startswith("@")]
        return next((team for team in teams if team), None)

    @signature(_TEXT)
    def _func_reverted(self, message: str | None) -> str | None:
        """The commit that a message says to take back."""
        found = _REVERTED.search(message or "")
        return None if found is None else found[1]

    @signature(_TEXT, _TEXT, _TEXT)
    def _func_reverted_pull(self, body: str | None, repository: str | None, branch: str | None) -> int | None:
        """The number of the pull request that a body says to take back, of the same repository only.

        The body names the repository as it was called then. If it has another name now, the branch tells that it is
        the same one: GitHub calls it ``revert-NUMBER-…``.
        """
        for name, number in _REVERTED_PULL.findall(body or ""):
            is_ours = not name or name.lower() == (repository or "").lower()
            if is_ours or (branch or "").startswith(f"revert-{number}-"):
                return int(number)
        return None


def _exploded(record: Any, path: list[str]) -> Iterator[dict[str, Any]]:
    """The record with each element of the list at the path in place of it; none without such a list."""
    if not isinstance(record, dict):
        return
    value, *rest = record.get(path[0]), *path[1:]
    elements = _exploded(value, rest) if rest else value if isinstance(value, list) else ()
    yield from ({**record, path[0]: element} for element in elements)


def _owners(text: str) -> Iterator[tuple[str, list[str]]]:
    """The patterns of a CODEOWNERS file, each with its owners."""
    for line in text.splitlines():
        pattern, *owners = line.partition("#")[0].split() or [""]
        if pattern:
            yield pattern, owners


def _who(act: Any) -> Any:
    """The account behind an event, a review or a comment: REST says user or actor, GraphQL and ``gh`` say author."""
    if not isinstance(act, dict):
        return None
    return next((act[name] for name in ("user", "actor", "author") if isinstance(act.get(name), dict)), None)


def _is_bot(account: Any) -> bool:
    """By what REST, GraphQL and `gh` say, or by the login."""
    if not isinstance(account, dict):
        return False
    login = str(account.get("login"))
    is_marked = account.get("is_bot") is True or "Bot" in {account.get("type"), account.get("__typename")}
    return is_marked or login.endswith("[bot]") or login.startswith("app/")


def _is_same(account: Any, somebody: Any) -> bool:
    """By the number where both have one: a login may have changed meanwhile."""
    if somebody is None:
        return False
    if not isinstance(account, dict) or account.get("login") == GHOST:
        return (somebody.get("login") if isinstance(somebody, dict) else somebody) == GHOST
    if not isinstance(somebody, dict):
        return str(somebody) in {str(account[name]) for name in ("login", "id") if account.get(name)}
    name = "id" if account.get("id") and somebody.get("id") else "login"
    return account.get(name) is not None and str(account[name]) == str(somebody.get(name))


def _named(events: list[Any] | None, names: set[str | None]) -> Iterator[tuple[datetime, str, str]]:
    """The events of these names with their instants."""
    for event in events or ():
        at = _instant(event.get("created_at")) if isinstance(event, dict) and event.get("event") in names else None
        if at is not None:
            yield at, event["created_at"], event["event"]


def _instants(texts: list[Any] | None) -> list[tuple[datetime, str]]:
    return [(at, text) for text in texts or () if (at := _instant(text)) is not None]


def _instant(text: Any) -> datetime | None:
    """An instant with its zone; None of anything else."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None

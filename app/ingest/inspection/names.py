"""The names that columns have in files of other programs, and in other languages."""

from collections.abc import Mapping
from typing import Final

#: Other names of columns, in small letters and digits only; the likeliest first.
ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "store_id": (
        "store",
        "shop",
        "filiale",
        "site",
        "monitor",
        "monitorid",
        "monitorname",
        "host",
        "hostname",
        "service",
        "check",
        "url",
        "name",
    ),
    "status": ("state", "zustand", "event", "isup", "up", "wert", "value", "result"),
    "timestamp_utc": (
        "timestamp",
        "time",
        "datetime",
        "zeitstempel",
        "zeit",
        "date",
        "datum",
        "checkedat",
        "createdat",
        "at",
    ),
    "day": ("weekday", "dayofweek", "wochentag", "tag", "days"),
    "start_time_local": ("start", "starttime", "open", "opens", "from", "von"),
    "end_time_local": ("end", "endtime", "close", "closes", "to", "bis"),
    "timezone_str": ("timezone", "zone", "tz", "region"),
    "repo": ("repository", "repositorynamewithowner", "project", "url", "repoid"),
    "number": ("prnumber", "mriid", "iid", "prid", "pr"),
    "author": ("authorlogin", "authorusername", "user", "userlogin", "contributorid"),
    "created_at": ("created", "open", "opened", "createddate", "createdatutc"),
    "merged_at": ("merged", "mergeddate"),
    "closed_at": ("closed", "close", "closeddate"),
    "is_draft": ("draft",),
    "author_is_bot": ("isbot", "authorisbot"),
    "changed_files": ("fileschanged",),
    "head_sha": ("headrefoid", "sha"),
}

#: The same of pull requests, by the word that is left of a name without what it begins and ends with: ``opened`` of
#: ``PR Opened At``. The likeliest first; in the languages in which hosts and spreadsheets write their headers.
WORDS_OF_PULLS: Final[Mapping[str, tuple[str, ...]]] = {
    "repo": (
        *("repository", "repo", "repositoryname", "reponame", "repositoryfullname", "repofullname", "repositorypath"),
        *("projectpath", "projectname", "project", "baserepofullname", "dépôt", "depot", "projekt", "projet"),
        *("repositorio", "proyecto"),
    ),
    "number": ("number", "", "no", "num", "nr", "key", "id", "iid", "nummer", "numéro", "numero", "número"),
    "author": (
        *("author", "authorlogin", "authorusername", "authorname", "username", "createdby", "creator", "openedby"),
        *("developer", "contributor", "autor", "auteur", "ersteller", "verfasser"),
    ),
    "team": ("team", "teamname", "squad"),
    "created_at": ("created", "opened", "creation", "open", "erstellt", "créé", "creado"),
    "first_commit_at": ("firstcommit", "firstcommitauthored", "firstcommitted", "workstarted"),
    "ready_at": ("ready", "readyforreview", "markedready", "markedreadyforreview"),
    "first_review_at": ("firstreview", "firstreviewed", "reviewstarted", "firstresponse", "firstcomment"),
    "approved_at": ("approved", "approval", "lastapproved", "lastapproval", "firstapproved", "firstapproval"),
    "merged_at": ("merged", "merge", "zusammengeführt", "gemergt", "fusionné", "fusionado"),
    "closed_at": ("closed", "close", "geschlossen", "fermé", "cerrado"),
    "ci_finished_at": ("cifinished", "cicompleted", "cipassed", "checkscompleted", "checksfinished", "buildfinished"),
    "is_draft": ("draft", "isdraft", "wip"),
    "additions": ("additions", "linesadded", "added"),
    "deletions": ("deletions", "linesdeleted", "linesremoved", "deleted", "removed"),
    "changed_files": ("changedfiles", "fileschanged", "files"),
}

#: What is written for true and false, in small letters.
WORDS_OF_TRUTH: Final[Mapping[str, str]] = {
    **dict.fromkeys(("true", "yes", "1", "t", "y", "wahr", "ja", "vrai", "oui"), "true"),
    **dict.fromkeys(("false", "no", "0", "f", "n", "falsch", "nein", "faux", "non"), "false"),
}

#: What the names of columns of pull requests begin with, and what those of times end with.
_BEFORE: Final = ("pullrequest", "mergerequest", "pull", "pr", "mr")
_BEHIND: Final = ("utc", "timestamp", "datetime", "date", "time", "at", "on", "am", "le", "el")


def plain(name: str) -> str:
    """A name in small letters and digits only."""
    return "".join(character for character in name.lower() if character.isalnum())


def word(name: str) -> str:
    """The name of a column of pull requests without what says that it is of one."""
    whole = plain(name)
    return next((whole.removeprefix(before) for before in _BEFORE if whole.startswith(before)), whole)


def word_of_time(name: str) -> str:
    """The same without what says that it is a time, as often as it does: ``Created At (UTC)``."""
    left = word(name)
    while (end := next((end for end in _BEHIND if left.endswith(end) and left != end), None)) is not None:
        left = left.removesuffix(end)
    return left

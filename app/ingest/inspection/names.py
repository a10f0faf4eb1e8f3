"""Other names that a file may have for a column of a kind, what that holds, and what is asked if there is none."""

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
    "project": ("package", "packagename", "projectname", "fileproject"),
    "date": ("day", "downloaddate", "downloadday"),
    "timestamp": ("downloadedat", "downloadtime"),
    "installer": ("installername", "detailsinstallername"),
    "installer_version": ("detailsinstallerversion",),
    "ci": ("detailsci",),
    "version": ("fileversion",),
    "country_code": ("country",),
    "count": ("downloads", "numdownloads", "downloadcount", "totaldownloads", "installs"),
    "sha": ("hash", "commit", "commithash", "commitsha", "oid"),
    "authored_at": ("authordate", "authoreddate"),
    "committed_at": ("commitdate", "committerdate", "committeddate"),
}

#: What a column of a kind holds, where that tells; a text may be anything.
HOLDS: Final[Mapping[str, tuple[str, ...]]] = {
    "timestamp": ("instant", "nothing"),
    "weekday": ("weekday", "number", "opening hours", "status"),
    "time of day": ("time of day", "number", "status"),
    "time of day, 24:00 included": ("time of day", "number", "status"),
    "IANA time zone": ("zone",),
    "number": ("number", "status"),
    "whole number": ("number", "status"),
    "date": ("instant",),
    "short text": ("text", "number", "status", "zone", "time of day", "instant", "weekday"),
}

#: What a question calls each column of which a file may have one text in all rows, and how it is answered.
ONE_OF_ALL: Final[Mapping[str, tuple[str, str]]] = {
    "repo": ("repository", "owner/name"),
    "store_id": ("store", "TEXT"),
    "project": ("project", "NAME"),
}


def assumed(column: str, stem: str) -> tuple[str, str]:
    """The question of a file that does not name the repository, store or project of its rows."""
    what, answer = ONE_OF_ALL[column]
    return f"No column names the {what}; which one is it? Answer with --set {column}={answer}.", stem

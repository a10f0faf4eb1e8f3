"""What files call the columns of a kind."""

import re
from collections.abc import Mapping
from typing import Final

#: Other names of columns, in small letters and digits only; the likeliest first.
ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "store_id": (
        *("store", "storename", "shop", "shopid", "shopname", "filiale", "branch", "site", "sitename", "standort"),
        *("magasin", "boutique", "tienda", "negozio", "winkel", "loja"),
        *("monitor", "monitorid", "monitorname", "friendlyname", "host", "hostname", "service", "servicename"),
        *("endpoint", "endpointname", "check", "checkname", "checkid", "testname", "device", "devicename"),
        *("node", "nodename"),
        *("server", "instance", "target", "probe", "resource", "component", "application", "app", "website", "domain"),
        *("storecode", "placeid", "businessid", "entityid", "locationid", "itemid", "monitoruid", "checkuuid"),
        *("sklep", "butik", "butikk", "kauppa", "obchod"),
        *("location", "alarmname", "label", "series", "url", "name", "key"),
    ),
    "status": (
        *("state", "zustand", "statut", "estado", "stato", "event", "isup", "up", "isonline", "online", "available"),
        *("health", "alive", "reachable", "success", "ok", "passed", "value1", "values1", "httpstatus"),
        *("statuscode", "wert", "value", "result"),
    ),
    "timestamp_utc": (
        *("timestamp", "time", "datetime", "dateandtime", "zeitstempel", "zeit", "zeitpunkt", "ts", "when", "at"),
        *("checkedat", "lastchecked", "logtime", "checktime", "eventtime", "createdat", "date", "datum", "fecha"),
        *("data", "horodatage"),
    ),
    "day": (
        *("weekday", "dayofweek", "dow", "dayname", "wochentag", "tag", "days", "jour", "dia", "día", "giorno", "dag"),
        *("isoweekday", "isodayofweek", "isodow", "weekdaynumber", "daynumber", "dzień", "tage", "jours", "días"),
    ),
    "start_time_local": (
        *("start", "starttime", "begin", "open", "opens", "openat", "opening", "openingtime", "opentime", "from"),
        *("von", "öffnet", "beginn", "ouverture", "début", "debut", "abre", "apertura", "inicio", "apre", "van"),
        *("od", "öppnar", "åbner", "åpner", "startsat", "opensat"),
    ),
    "end_time_local": (
        *("end", "endtime", "close", "closes", "closeat", "closing", "closingtime", "closetime", "to", "until"),
        *("bis", "schließt", "ende", "fermeture", "fin", "cierra", "cierre", "chiude", "chiusura", "fecha", "dicht"),
        *("tot", "do", "stänger", "lukker", "stenger", "endsat", "closesat"),
    ),
    "timezone_str": ("timezone", "timezonename", "timezoneid", "zone", "tz", "tzname", "tzid", "zeitzone", "region"),
    "date": ("day", "holidaydate", "downloaddate", "downloadday", "datum", "tag", "fecha", "data", "jour"),
    "calendar": ("region", "country", "countrycode", "bundesland", "land"),
    "name": ("holiday", "holidayname", "feiertag", "title", "summary", "description", "localname", "reason", "note"),
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
    "timestamp": ("downloadedat", "downloadtime"),
    "installer": ("installername", "detailsinstallername"),
    "installer_version": ("detailsinstallerversion",),
    "ci": ("detailsci",),
    "version": ("fileversion",),
    "country_code": ("country",),
    "count": (
        *("downloads", "numdownloads", "downloadcount", "totaldownloads", "installs", "anzahl", "nombre", "cantidad"),
        *("aantal", "téléchargements", "descargas"),
    ),
    "sha": ("hash", "commit", "commithash", "commitsha", "oid"),
    "authored_at": ("authordate", "authoreddate"),
    "committed_at": ("commitdate", "committerdate", "committeddate"),
}

#: Columns of weekly opening hours, with their days.
HOURS: Final = ("openinghours", "hours", "openhours", "businesshours", "storehours", "öffnungszeiten", "horaires")

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

#: All of them: creation, for example, does not end with on.
_KNOWN_WORDS: Final = frozenset(word for words in WORDS_OF_PULLS.values() for word in words if word)

#: What is written for true and false, in small letters.
WORDS_OF_TRUTH: Final[Mapping[str, str]] = {
    **dict.fromkeys(("true", "yes", "1", "t", "y", "wahr", "ja", "vrai", "oui"), "true"),
    **dict.fromkeys(("false", "no", "0", "f", "n", "falsch", "nein", "faux", "non"), "false"),
}

#: What the names of columns of pull requests begin with, and what those of times end with.
_BEFORE: Final = ("pullrequest", "mergerequest", "pull", "pr", "mr")
_BEHIND: Final = ("utc", "timestamp", "datetime", "date", "time", "at", "on", "am", "le", "el")


#: Columns of outages, which are two polls each, and of how long they took.
BEGINS: Final = (
    *("start", "begin", "begindate", "starttime", "startdate", "startedat", "started", "down", "downat", "downsince"),
    *("outagestart", "downfrom", "downtimestart", "timefrom", "problemtime", "openedat", "occurredat", "startsat"),
    *("from", "beginn", "von", "début", "debut", "downtime"),
)
ENDS: Final = (
    *("end", "enddate", "endtime", "endedat", "ended", "resolvedat", "resolved", "recoveredat", "restoredat"),
    *("outageend", "downto", "downuntil", "downtimeend", "timeto", "recoverytime", "recovered", "closedat", "endsat"),
    *("up", "upat", "until", "to", "ende", "bis", "fin", "resolvedon", "uptime"),
)
TAKES: Final = ("duration", "length", "dauer", "durée", "downtime")

#: Columns of remarks, which name no store although their texts come again.
REMARKS: Final = frozenset(
    (
        *("message", "msg", "reason", "error", "errormessage", "comment", "note", "details", "output", "cause"),
        *("rootcause", "description", "type", "info", "statusdesc", "severity", "priority", "impact", "assignee"),
    )
)


def plain(name: str) -> str:
    """A name in small letters and digits only."""
    return "".join(character for character in name.lower() if character.isalnum())


def when(name: str) -> str:
    """The name of a column of instants without what says that they are of UTC: Started (UTC)."""
    return inner(name).removesuffix("utc").removesuffix("gmt")


def inner(name: str) -> str:
    """The same of the last part of a name in JSON: started_at of attributes.started_at; of others the same."""
    return plain(name.rpartition(".")[2])


def names_ids(name: str) -> bool:
    """Whether a column is named as one of ids: id, monitor_id, logs.id, checkId."""
    return re.search(r"(^|[^A-Za-z])(id|ID|Id)$|[a-z]I[dD]$", name) is not None


def plain_words(name: str) -> str:
    """The words of a name such as is_down or hasFailures in small letters, with spaces between them."""
    return " ".join(re.findall(r"[^\W\d_]+", parted(name))).lower()


def parted(name: str) -> str:
    """A name such as mondayHours or monday_hours with spaces between its words."""
    return re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z])", " ", name).replace("_", " ")


def word(name: str) -> str:
    """The name of a column of pull requests without what says that it is of one."""
    whole = plain(name)
    return next((whole.removeprefix(before) for before in _BEFORE if whole.startswith(before)), whole)


def word_of_time(name: str) -> str:
    """The same without what says that it is a time, as often as it does: ``Created At (UTC)``."""
    left = word(name)
    while left not in _KNOWN_WORDS and (
        end := next((end for end in _BEHIND if left.endswith(end) and left != end), None)
    ):
        left = left.removesuffix(end)
    return left

"""What files call the columns of a kind."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from app.mapping.languages import weekday

#: So many letters may be an abbreviation of anything.
_SHORT: Final = 3

#: Words for a store, and behind them for a till in one; the likeliest first.
_STORES: Final = (
    *("store", "shop", "branch", "outlet", "site", "kiosk", "restaurant", "filiale", "filial", "laden", "markt"),
    *("geschäft", "standort", "niederlassung", "verkaufsstelle", "tienda", "sucursal", "magasin", "boutique"),
    *("succursale", "negozio", "loja", "winkel", "filiaal", "butik", "butikk", "sklep", "kauppa", "obchod"),
    *("station", "terminal", "register", "till", "checkout", "kasse", "kassa", "caja", "caisse", "cassa", "caixa"),
)

#: The same where a number or a name beside them may be of something else: of a position, of a place that looks.
_PERHAPS_STORES: Final = ("pos", "location", "ort", "lieu", "lugar")

#: Words beside them that say that a column names each: a number, a code, a name.
_NAMES_EACH: Final = (
    *("number", "nummer", "numéro", "numero", "número", "numer", "num", "nro", "nr", "no", "n", "code", "kode"),
    *("código", "codigo", "codice", "kennung", "kürzel", "uuid", "uid", "id", "ref", "key"),
    *("name", "nombre", "nome", "nom", "naam", "namn", "navn"),
)

#: What joins two words to one name: Kassen-nummer, numéro de magasin.
_JOINS: Final = ("", "n", "en", "s", "de", "del", "du", "di", "da", "dela", "of", "der")

#: Names of columns that may name stores or anything else.
VAGUE: Final = ("location", "alarmname", "label", "series", "url", "name", "key")

#: Other names of columns, in small letters and digits only; the likeliest first.
ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "store_id": (
        *("store", "storename", "shop", "shopid", "shopname", "filiale", "branch", "site", "sitename", "standort"),
        *("magasin", "boutique", "tienda", "negozio", "winkel", "loja", "laden", "outlet", "kiosk", "sucursal"),
        *("monitor", "monitorid", "monitorname", "friendlyname", "host", "hostname", "service", "servicename"),
        *("endpoint", "endpointname", "check", "checkname", "checkid", "testname", "device", "devicename"),
        *("node", "nodename"),
        *("server", "instance", "target", "probe", "resource", "component", "application", "app", "website", "domain"),
        *("storecode", "placeid", "businessid", "entityid", "locationid", "itemid", "monitoruid", "checkuuid"),
        *("sklep", "butik", "butikk", "kauppa", "obchod"),
        *VAGUE,
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

#: Words of names that say that a column has hours, in small letters.
_HOURS: Final = frozenset(
    (
        *("hours", "hour", "open", "opening", "time", "times", "schedule", "shift", "interval", "intervals"),
        *("öffnungszeiten", "öffnungszeit", "geschäftszeiten", "zeiten", "zeit", "horaires", "horaire", "horarios"),
        *("horario", "horários", "horário", "orari", "orario", "openingstijden", "openingsuren", "godziny"),
        *("öppettider", "åbningstider", "åpningstider", "saatleri", "saatler", "doba", "часы", "営業時間", "時間"),
        *("營業時間", "营业时间", "영업시간", "시간"),
    )
)

#: Words beside them that do not restrict the hours to some days, or to a part of what a store does.
_OF_ALL_HOURS: Final = frozenset(
    (
        *("business", "store", "shop", "office", "regular", "standard", "normal", "general", "local", "weekly"),
        *("daily", "working", "work", "trading", "operating", "operation", "operations", "of", "de", "d", "di"),
        *(
            "ouverture",
            "apertura",
            "atención",
            "funcionamento",
            "otwarcia",
            "otevírací",
            "çal\u0131şma",
            "работы",
            "영업",
        ),
    )
)

#: Languages that weekdays and opening hours are looked for in; a mapping may name any that Babel knows.
LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv")

#: Further ones, of which a short name in Latin letters alone is no weekday: per, PA and CT are other words, too.
FURTHER_LANGUAGES: Final = ("da", "nb", "cs", "tr", "ru", "ja", "zh", "ko")

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

#: What says of a column of dates that it is of dates, and of one of times of day that it is of times.
DAYS: Final = (
    *("date", "day", "datum", "tag", "jour", "fecha", "dia", "día", "data", "giorno", "dag", "dato", "päivä", "tarih"),
    *("日付", "日期", "дата"),
)
CLOCKS: Final = (
    *("timeofday", "time", "clock", "hour", "hhmm", "uhrzeit", "zeit", "heure", "hora", "ora", "orario", "tijd"),
    *(
        "tid",
        "klokkeslæt",
        "klokkeslett",
        "czas",
        "godzina",
        "čas",
        "saat",
        "aika",
        "час",
        "время",
        "時刻",
        "時間",
        "时间",
    ),
)

#: What says of a column of such texts that it is how long something took, or when it ended.
LENGTHS: Final = re.compile(
    r"\b(duration|response|latency|elapsed|took|length|load|downtime|uptime|timeout|dauer|antwort\w*|durée|réponse|"
    r"duración|respuesta|durata|risposta|duur|end|ends|ended|until|to|ende|bis|fin|fine|eind|einde)\b"
)

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
    *("upagain", "upsince", "backonline", "backat", "restored"),
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


def names_store(name: str) -> int | None:
    """How likely a column names the stores, by a word for a store with one for a number, a code or a name: shop_no.

    The smaller the likelier; None: its name does not say so.
    """
    return next((at for at, store in enumerate(_STORES) if _names_each(name, store)), None)


def tells_store(name: str) -> bool:
    """Whether a name says that a column may name the stores: the word for a store may stand alone."""
    return inner(name) in _STORES or any(_names_each(name, store) for store in (*_STORES, *_PERHAPS_STORES))


def _names_each(name: str, store: str) -> bool:
    """Whether a column is one of numbers or names of this: shop_no, Kassennummer, numéro de magasin, store.code."""
    called = {plain(name), inner(name)}
    if not any(store in one for one in called):
        return False
    return any(
        not called.isdisjoint((f"{store}{join}{each}", f"{each}{join}{store}"))
        for each in _NAMES_EACH
        for join in _JOINS
    )


def tells_hours(name: str) -> bool:
    """Whether a word in the name of a column says that it has hours, of whatever."""
    return not _HOURS.isdisjoint(plain_words(name).split())


def tells_hours_of_stores(name: str) -> bool:
    """Whether a column is named as one of the hours of a store, not of some of its days nor of what it does."""
    words = set(plain_words(name.rpartition(".")[2]).split())
    return inner(name) in HOURS or (not words.isdisjoint(_HOURS) and words <= _HOURS | _OF_ALL_HOURS)


def is_short_in_latin(text: str) -> bool:
    """Whether a name of a weekday in one of FURTHER_LANGUAGES may as well be another word."""
    return text.isascii() and len(text) <= _SHORT


def names_a_day(name: str) -> bool:
    """Whether a word in the name of a column is a weekday, so that it does not tell of the others."""
    words = re.findall(r"[^\W\d_]+", parted(name))
    return any(weekday(word, language) is not None for word in words for language in LANGUAGES if len(word) > 2) or any(
        weekday(word, language) is not None
        for word in words
        for language in FURTHER_LANGUAGES
        if not is_short_in_latin(word)
    )


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


def without(name: str, words: Sequence[str]) -> str | None:
    """A plain name without the first of these words that it begins or ends with; None: it has none."""
    whole = plain(name).removesuffix("utc").removesuffix("gmt").removesuffix("local")
    for one in words:
        if whole.endswith(one):
            return whole.removesuffix(one)
        if whole.startswith(one):
            return whole.removeprefix(one)
    return None


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

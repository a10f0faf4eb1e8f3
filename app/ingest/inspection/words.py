"""Words that files have for the status of a store and for no value, in several languages."""

import re
from typing import Final

_ACTIVE: Final = (
    *("active", "up", "ok", "online", "true", "1", "1.0", "1,0", "yes", "success", "successful", "healthy"),
    *("recovery", "recovered"),
    *("clear", "cleared", "alive", "reachable", "running", "available", "operational", "responding", "pass"),
    *("passed", "passing"),
    *("aktiv", "erreichbar", "verfügbar", "in ordnung", "läuft"),
    *("actif", "en ligne", "disponible", "en marche"),
    *("activo", "en línea", "operativo"),
    *("attivo", "raggiungibile", "disponibile", "ativo", "disponível", "bereikbaar", "beschikbaar"),
)

_INACTIVE: Final = (
    *("inactive", "down", "offline", "false", "0", "0.0", "0,0", "no", "critical", "crit", "fail", "failed"),
    *("failure", "failing"),
    *("error", "dead", "unavailable", "unhealthy", "outage", "timeout", "timed out", "stopped", "alarm", "not ok"),
    *("request timed out", "no response", "no answer", "connection refused", "not responding", "not reachable"),
    *("disconnected", "major outage"),
    *("inaktiv", "nicht erreichbar", "nicht verfügbar", "ausgefallen", "ausfall", "gestört", "störung"),
    *("inactif", "hors ligne", "indisponible", "en panne", "panne", "arrêté"),
    *("inactivo", "fuera de línea", "caído", "no disponible"),
    *("inattivo", "non raggiungibile", "inativo", "indisponível", "niet bereikbaar", "onbereikbaar"),
)

_UNKNOWN: Final = (
    *("unknown", "paused", "pending", "maintenance", "under maintenance", "unreachable", "not checked", "no data"),
    *("insufficient_data", "insufficient data", "undetermined"),
    *("unbekannt", "pausiert", "wartung", "inconnu", "en pause", "desconocido", "en pausa", "mantenimiento"),
    *("sconosciuto", "desconhecido", "onbekend"),
)

#: What words of monitors mean, in small letters.
STATUSES: Final = {
    **dict.fromkeys(_ACTIVE, "active"),
    **dict.fromkeys(_INACTIVE, "inactive"),
    **dict.fromkeys(_UNKNOWN, "unknown"),
}

#: What codes of HTTP mean by their first digit; 0 stands for no answer.
HTTP_CODES: Final = {"2*": "active", "3*": "active", "4*": "inactive", "5*": "inactive", "0": "inactive"}

#: Words for true and for false in columns of flags, in small letters.
YES: Final = frozenset(("true", "1", "1.0", "yes", "y", "x", "ja", "oui", "sí", "si", "sim", "wahr", "vrai"))
NO: Final = frozenset(("false", "0", "0.0", "no", "n", "nein", "non", "não", "nao", "falsch", "faux", "falso"))

#: Words in the name of a column of flags that say that a store is up where the flag is set, and that it is down.
SAYS_UP: Final = re.compile(
    r"\b(?:is)?(up|online|active|ok|on|alive|healthy?|success(ful)?|succeeded|pass(ed)?|available|availability|reachable"
    r"|status|state|value|result|open|running|works?|working|responding|ping|probe|zustand|wert|erreichbar|aktiv"
    r"|verfügbar|statut|estado|stato|activo|actif|event)\b"
)
SAYS_DOWN: Final = re.compile(
    r"down\b|error|fail|outage|incident|alarm|broken|offline"
    r"|\b(inactive|alert|problem|timeout|unavailable|unreachable|störung|ausfall|fehler|panne)\b"
)

#: Words that turn what the name of a column says into the opposite.
SAYS_NOT: Final = re.compile(r"\b(not|no|non|without|free|never|nicht|kein|keine|ohne|sans|sin)\b")

#: Words for nothing.
NULLS: Final = (
    *("null", "NULL", "None", "NaN", "NaT", "nan", "N/A", "n/a", "#N/A", "-"),
    *("\\N", "(null)", "<null>", "nil", "undefined"),
)

#: Words for the end of what has not ended, in small letters.
ONGOING: Final = frozenset(
    (
        *(
            "ongoing",
            "on-going",
            "still down",
            "in progress",
            "unresolved",
            "not resolved",
            "not yet",
            "now",
            "present",
        ),
        *("current", "andauernd", "läuft noch", "offen", "noch offen", "en cours", "en curso", "in corso"),
    )
)

#: Instants that programs write for nothing: the zero time of Go and .NET, that of MySQL, the beginning of Unix time and
#: of spreadsheets, the last second of all.
NO_TIME: Final = re.compile(
    r"((0001|1970|1900)-01-01[T ]00:00(:00)?|9999-12-31[T ]23:59(:59)?)(\.[0-9]+)?(Z| UTC|[+-]00:?00)?"
    r"|0000-00-00( 00:00:00)?"
)


def is_nothing(text: str) -> bool:
    """Whether it is a word or an instant that stands for no value."""
    return text in NULLS or NO_TIME.fullmatch(text) is not None


def is_empty(text: str) -> bool:
    """Whether a field says nothing, with or without spaces around it."""
    plain = text.strip()
    return not plain or is_nothing(plain)

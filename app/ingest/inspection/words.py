"""Words that files have for the status of a store and for no value, in several languages."""

import re
from typing import Final

_ACTIVE: Final = (
    *("active", "up", "ok", "online", "true", "1", "yes", "success", "successful", "healthy", "recovery", "recovered"),
    *("alive", "reachable", "running", "available", "operational", "responding", "pass", "passed", "passing"),
    *("aktiv", "erreichbar", "verfügbar", "in ordnung", "läuft"),
    *("actif", "en ligne", "disponible", "en marche"),
    *("activo", "en línea", "operativo"),
    *("attivo", "raggiungibile", "disponibile", "ativo", "disponível", "bereikbaar", "beschikbaar"),
)

_INACTIVE: Final = (
    *("inactive", "down", "offline", "false", "0", "no", "critical", "crit", "fail", "failed", "failure", "failing"),
    *("error", "dead", "unavailable", "unhealthy", "outage", "timeout", "timed out", "stopped", "alarm", "not ok"),
    *("not responding", "not reachable", "disconnected", "major outage"),
    *("inaktiv", "nicht erreichbar", "nicht verfügbar", "ausgefallen", "gestört", "störung"),
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

#: Words for true and false among these, which mean what the name of the column says.
FLAGS: Final = frozenset(("true", "false", "1", "0", "yes", "no"))

#: What codes of HTTP mean by their first digit; 0 stands for no answer.
HTTP_CODES: Final = {"2*": "active", "3*": "active", "4*": "inactive", "5*": "inactive", "0": "inactive"}

#: Words for nothing.
NULLS: Final = (
    *("null", "NULL", "None", "NaN", "NaT", "nan", "N/A", "n/a", "#N/A", "-"),
    *("\\N", "(null)", "<null>", "nil", "undefined"),
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

"""What makes a mapping of polls wrong without anybody noticing: several checks of a host, columns that contradict."""

import re
from collections.abc import Sequence
from typing import Any, Final

from app.ingest.inspection.fitting import place, read_by
from app.ingest.inspection.guesses import Guess
from app.ingest.inspection.layout import Layout
from app.ingest.inspection.names import ALSO, inner, plain, plain_words
from app.ingest.inspection.probes import several_probes
from app.ingest.inspection.questions import Questions
from app.ingest.inspection.words import HTTP_CODES, NO, SAYS_DOWN, SAYS_UP, YES
from app.mapping.document import may_be_joined

#: Columns of machines, and of what is checked on one.
_SERVICES: Final = frozenset(("service", "servicedescription", "servicename"))
_HOSTS: Final = frozenset(("host", "hostname", "server", "device", "devicename", "node", "instance", "nodename"))
_CHECKS: Final = (
    *("service", "servicedescription", "servicename", "check", "checkname", "item", "itemname", "probe", "job"),
    *("application", "component", "endpoint", "sensor", "monitor", "target"),
    *("endpointid", "serviceid", "checkid", "itemid", "monitorid", "sensorid"),
)

#: Columns that part stores of one name.
_GROUPS: Final = ("group", "groupname", "namespace", "project")

#: Columns that say from where a check was made, beside those of how long it took.
_PLACES: Final = frozenset(("location", "region", "probe", "probeid", "locationname"))
_TOOK: Final = re.compile(r"performance|response ?time|latency|duration|ttfb|status ?code|http ?status|ping")

#: Columns that name what was checked, if not from where.
_NAMES: Final = ("checkname", "testname", "monitorname", "name", "url", "label")

#: Columns of the state of a host or a service, of which 0 is OK for some monitors.
_STATES: Final = frozenset(("state", "status", "hoststate", "servicestate", "currentstate", "laststate", "result"))

#: Columns that say that what was seen may not count.
_EXCUSES: Final = re.compile(r"maintenance|in downtime|is downtime|scheduled|planned|acknowledged|wartung")

#: So many changes of status without a row that repeats the one before are those of a list of changes.
_FEWEST_CHANGES: Final = 3

#: What codes of HTTP mean by their first digit.
_BY_DIGIT: Final = {word[0]: status for word, status in HTTP_CODES.items()}

#: What the number of a log of UptimeRobot says.
_UPTIMEROBOT: Final = {"1": "inactive", "2": "active", "98": "unknown", "99": "unknown"}


def checked_polls(
    layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any], taken: set[str], questions: Questions
) -> Questions:
    """The questions of polls, with those that what the columns say together gives; completes the rules of columns."""
    _by_service(layout, guesses, columns, taken)
    if (told := _of_uptimerobot(layout, columns)) is not None:
        return [*(one for one in questions if not one[0].startswith(("logs.type:", "logs.id:"))), told]
    questions = _named_by_metric(layout, columns, questions)
    asked = [*_contradictions(layout, guesses, columns), *_numbered_state(guesses, columns)]
    return [*questions, *asked, *_excused(layout, guesses), *_seen_from(guesses, columns)]


def holds(layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any]) -> tuple[dict[str, Any], Questions]:
    """The member of a mapping for a list of changes, with its question: each row differs from the one before.

    Polls of which not one is as the one before of its store would be of stores that change every time. Rows of several
    probes may look so, too, and are asked about instead.
    """
    if asked := several_probes(layout, guesses, columns):
        return {}, asked
    names = [str(columns.get(name, {}).get("from", "")) for name in ("status", "store_id")]
    told, key = (next((one for one in guesses if str(place(layout, one.name)) == name), None) for name in names)
    if told is None or told.what != "status" or (key is None and "value" not in columns["store_id"]):
        return {}, []
    stores = [""] * len(layout.rows) if key is None else layout.column(layout.names.index(key.name))
    last: dict[str, str | None] = {}
    changes = 0
    for store, word in zip(stores, layout.column(layout.names.index(told.name)), strict=True):
        meant = _meant(told, word)
        if store in last:
            if last[store] == meant:
                return {}, []
            changes += 1
        last[store] = meant
    if changes < _FEWEST_CHANGES:
        return {}, []
    told_so = (
        f"{told.name}: is this a list of changes, as each row says another status than the one before? Then each holds "
    )
    return {"holds": "until_changed"}, [(f"{told_so}until the next one of its store.", "yes")]


def _by_service(layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any], taken: set[str]) -> None:
    """Have each check of a host be a store of its own if a host of the file has several; so stores of one name."""
    key = columns.get("store_id", {}).get("from")
    host = next(
        (one for one in guesses if place(layout, one.name) == key and inner(one.name) in {*_HOSTS, "name"}), None
    )
    if host is None:
        return
    hosts = layout.column(layout.names.index(host.name))
    may = _GROUPS if inner(host.name) == "name" else _CHECKS
    free = [one for one in guesses if one.name not in taken and inner(one.name) in may]
    for check in sorted(free, key=lambda one: may.index(inner(one.name))):
        pairs = set(zip(hosts, layout.column(layout.names.index(check.name)), strict=True))
        if len(pairs) > len(set(hosts)) and may_be_joined(host.name) and may_be_joined(check.name):
            taken.add(check.name)
            columns["store_id"] = {"template": f"{{{host.name}}}/{{{check.name}}}"}
            return


def _of_uptimerobot(layout: Layout, columns: dict[str, Any]) -> tuple[str, str] | None:
    """The question of logs of UptimeRobot, whose types are numbers; completes the rule of the status."""
    if not {"logs.type", "logs.datetime"} <= {*layout.names}:
        return None
    if not {*layout.column(layout.names.index("logs.type"))} <= _UPTIMEROBOT.keys():
        return None
    columns["status"] = {"from": "logs.type", "words": _UPTIMEROBOT}
    return "logs.type: is 1 down, 2 up, 98 started and 99 paused, as UptimeRobot has it? If not, change words.", "yes"


def _named_by_metric(layout: Layout, columns: dict[str, Any], questions: Questions) -> Questions:
    """The questions of an answer of Prometheus, whose metric says what its values are."""
    name = str(columns.get("status", {}).get("from", ""))
    if not name.startswith("value") or "metric.__name__" not in layout.names:
        return questions
    metrics = sorted({*layout.column(layout.names.index("metric.__name__"))} - {""})
    others = [one for one in questions if not one[0].startswith(f"{name}: is a store")]
    if len(metrics) > 1:
        named = " and ".join(metrics[:2])
        return [*others, (f"The file has several metrics, {named}; say with where which one tells of up and down.", "")]
    called = plain_words(metrics[0]) if metrics else ""
    return others if SAYS_UP.search(called) and not SAYS_DOWN.search(called) else questions


def _contradictions(layout: Layout, guesses: Sequence[Guess], columns: dict[str, Any]) -> Questions:
    """The question of another column that says the opposite of the one that is taken for the status."""
    chosen = read_by(columns.get("status"), guesses, layout)
    if chosen is None or chosen.what != "status":
        return []
    names = {"status", *ALSO["status"]}
    for other in guesses:
        if other is chosen or other.what != "status" or inner(other.name) not in names:
            continue
        if other.rule.get("words") == HTTP_CODES:  # a page that is wrong may have any code
            continue
        pairs = zip(*(layout.column(layout.names.index(one.name)) for one in (chosen, other)), strict=True)
        for first, second in pairs:
            if {_meant(chosen, first), _meant(other, second)} == {"active", "inactive"}:
                both = f"{chosen.name} says {first!r} where {other.name} says {second!r}"
                return [(f"{both}: which of them is the status, and what do its words mean? Set from and words.", "")]
    return []


def _seen_from(guesses: Sequence[Guess], columns: dict[str, Any]) -> Questions:
    """The question of a key that may be the place from which a monitor looks."""
    key = str(columns.get("store_id", {}).get("from", ""))
    if plain(key) not in _PLACES or not any(_TOOK.search(plain_words(one.name)) for one in guesses):
        return []
    named = next((one.name for name in _NAMES for one in guesses if plain(one.name) == name), None)
    if named is not None:
        columns["store_id"] = {"from": named}
        return []
    return [
        (f"{key}: is it the store, or from where it was checked? For the latter name it with --set store_id=TEXT.", "")
    ]


def _numbered_state(guesses: Sequence[Guess], columns: dict[str, Any]) -> Questions:
    """The question of a state that is 0 or 1 beside hosts: Nagios and Icinga write 0 for OK, others for down."""
    rule = columns.get("status", {})
    name, words = str(rule.get("from", "")), rule.get("words", {})
    named = {inner(one.name) for one in guesses}
    is_state = inner(name) in _STATES and not named.isdisjoint(_HOSTS)
    if not is_state or not words or not all(word.isdecimal() for word in words) or words == HTTP_CODES:
        return []
    if inner(name) in {"status", "result"} and named.isdisjoint(_SERVICES):
        return []
    return [(f"{name}: is 0 down, or OK as Nagios and Icinga have it? Say with words what each number is.", "")]


def _excused(layout: Layout, guesses: Sequence[Guess]) -> Questions:
    """The question of a flag that says that a store was in maintenance."""
    for at, one in enumerate(guesses):
        texts = {text.strip().lower() for text in layout.column(at)} - {""}
        if _EXCUSES.search(plain_words(one.name)) and texts <= YES | NO and texts & YES:
            asked = f"{one.name}: do rows count where it is set? If not, leave them out with where. Load the mapping "
            return [(f"{asked}by --mapping then.", "")]
    return []


def _meant(of: Guess, text: str) -> str | None:
    words = of.rule.get("words", {})
    return _BY_DIGIT.get(text[:1]) if words == HTTP_CODES else words.get(text, text)

"""Files that are no tables: what they are, and what to do instead."""

import re
from typing import Final

from app.errors import RejectedFile

_PRINTED: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")

#: How files begin that are none, in small letters, and what is told of them.
_BEGINNINGS: Final = {
    ("<!doctype html", "<html", "<head", "<body"): "is a web page: it may be the answer of a login or an error page. "
    "Download the file again",
    ("<?xml", "<"): "is XML, which is not read here. Export it as CSV, JSON or an Excel workbook",
    ("begin:vcalendar",): "is an iCalendar file. Read the holidays in it with openhours calendar import",
    ("%pdf",): "is a PDF, which is not read here. Export it as CSV, JSON or an Excel workbook",
    ("{\\rtf",): "is a document of a word processor. Save it as CSV",
}


def require_text(head: bytes, name: str) -> None:
    """Raise RejectedFile for bytes that are no text, such as those of a picture."""
    if len(head) > 1 and (not any(head[1:200:2]) or not any(head[:200:2])):
        told = f"{name} seems to be UTF-16 without a mark at its beginning that says so; save it as UTF-8."
        raise RejectedFile(told, reason="wrong_format")
    if b"\0" in head or _PRINTED.search(head):
        raise RejectedFile(f"{name} is not text, JSON or a workbook that can be read here.", reason="wrong_format")


#: How a line of Nagios begins that tells of a host or a service; it has as many fields as suit what it tells.
_OF_NAGIOS: Final = re.compile(r"\[[0-9]{10}\] (?:CURRENT |INITIAL )?(?:HOST|SERVICE) (?:ALERT|STATE|NOTIFICATION): ")


def require_table(text: str, name: str) -> None:
    """Raise RejectedFile for text that is no table, if it shows what it is."""
    begins = text.lstrip()[:40].lower()
    for beginnings, told in _BEGINNINGS.items():
        if begins.startswith(beginnings):
            raise RejectedFile(f"{name} {told}.", reason="wrong_format")
    if _OF_NAGIOS.search(text):
        raise RejectedFile(
            f"{name} is a log of Nagios or Icinga, whose lines are no table. Save its alerts as JSON, by "
            "archivejson.cgi with query=alertlist, and load them with --mapping nagios; or make a CSV of time, host, "
            "service and state.",
            reason="wrong_format",
        )

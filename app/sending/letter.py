"""A mail about something that happened: a sentence or more, a table, pictures, files; as text and as HTML."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, Policy
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from app.sending.one_line import one_line
from app.sending.plain_text import paragraph, table
from app.sending.smtp import domain_of

#: Longest subject, characters.
MOST_OF_SUBJECT: Final = 200

#: Longest name of a file, characters; of one that is longer the end is kept, which says what it is.
MOST_OF_FILE_NAME: Final = 100

#: Rows of the table that a mail shows. The page and the file have the others.
MOST_ROWS: Final = 200

#: What a figure may be, so that its column is aligned at the right: 1,234.50, +3 %, 4 h 12 min, a dash for none.
_FIGURE: Final = re.compile(r"[+−-]?[0-9][0-9.,:\s]*(?:%|[a-z]{1,7}(?:\s[0-9.,]+\s[a-z]{1,7})*)?|[–-]?")  # noqa: RUF001

#: What a name of a file keeps; with a slash, a backslash or a colon it would be a path somewhere.
_NOT_IN_FILE_NAMES: Final = re.compile(r"[^\w .()+-]")

_MEDIA_TYPE: Final = re.compile(r"([a-z0-9.+-]+)/([a-z0-9.+-]+)(?:;.*)?", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_LINK: Final = re.compile(r"https?://[!-;=?-~]{1,1800}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG, shown within the mail.

    Attributes:
        name: of the file.
        alt: what it shows, for who cannot see it.
        data: its bytes.
    """

    name: str
    alt: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail says. Texts may hold anything: what is no text is made harmless, and names stay names.

    Attributes:
        subject: at most 200 characters of it are kept.
        title: the heading.
        sentences: paragraphs below it.
        columns: names of those of the table.
        rows: texts, as many as columns; at most 200 rows are shown.
        notes: remarks below the table, one sentence each.
        pictures: below them.
        attachments: files; their size is the caller's business.
        page: address of what the mail is about.
        left_out: sentences on files that were too large to attach.
    """

    subject: str
    title: str
    sentences: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    page: str | None = None
    left_out: tuple[str, ...] = ()


class _Link(BaseHeader):
    """A header with a link. The library would encode one that is longer than a line, and nobody could follow it."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"], kwds["decoded"] = None, value

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Link)

#: Seven bits: servers that take no more are rare, but alter what they get.
_POLICY: Final = SMTP.clone(header_factory=_HEADERS, cte_type="7bit")


def message(
    letter: Letter,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    unsubscribe: str | None,
    at: datetime,
    auto: bool = True,
) -> EmailMessage:
    """The mail of a letter.

    Args:
        letter: what it says.
        sender: an address, as app.sending.smtp.address returns it.
        recipient: likewise.
        message_id: the same for each attempt to deliver the same, so that a second copy is known as one.
        unsubscribe: where a POST (RFC 8058) ends such mails; a person who opens it is asked.
        at: when it is sent, aware.
        auto: nobody waits for it: no absence notice is to answer.

    Raises:
        ValueError: message_id is not made of letters, digits, _ - and dots, or an address is none of the web.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"message_id {message_id!r} may have only letters, digits, _ and -, with dots between them")
    for link in (letter.page, unsubscribe):
        if link is not None and not _LINK.fullmatch(link):
            raise ValueError(f"{link!r} is not a web address in ASCII of at most 1,800 characters")
    mail, domain = EmailMessage(policy=_POLICY), domain_of(sender)
    mail["From"], mail["To"], mail["Date"] = sender, recipient, at
    mail["Subject"] = _subject(letter.subject)
    mail["Message-ID"] = f"<{message_id}@{domain}>"
    if auto:
        mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"] = "auto-generated", "All"
    if unsubscribe is not None:
        mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"] = f"<{unsubscribe}>", "List-Unsubscribe=One-Click"
    shown = _cleaned(letter)
    ids = [f"picture-{number}.{message_id}@{domain}" for number, _ in enumerate(shown.pictures, 1)]
    mail.set_content(_text(shown, len(letter.rows), unsubscribe))
    mail.add_alternative(_html(shown, len(letter.rows), ids, unsubscribe), subtype="html")
    page = cast("EmailMessage", cast("list[Any]", mail.get_payload())[1])
    for content_id, picture in zip(ids, shown.pictures, strict=True):
        name = _file_name(picture.name)
        page.add_related(picture.data, "image", "png", cid=f"<{content_id}>", filename=name, disposition="inline")
    for file in letter.attachments:
        found = _MEDIA_TYPE.fullmatch(file.media_type)
        main, sub = found.groups() if found else ("application", "octet-stream")
        parameters = {"charset": "utf-8"} if main == "text" else {}
        mail.add_attachment(file.data, main, sub, filename=_file_name(file.name), params=parameters)
    return mail


def _subject(text: str) -> str:
    """Without "=?", with which begins what readers of mail decode, to a line break if need be."""
    return one_line(text.replace("=?", "= ?"), most=MOST_OF_SUBJECT)


def _file_name(name: str) -> str:
    plain = _NOT_IN_FILE_NAMES.sub("_", one_line(name))[-MOST_OF_FILE_NAME:].strip(" .")
    return plain or "file"


def _cleaned(letter: Letter) -> Letter:
    """What is shown of a letter, each text in one line."""
    columns = _lines(letter.columns)
    return Letter(
        subject=_subject(letter.subject),
        title=one_line(letter.title),
        sentences=_lines(letter.sentences),
        columns=columns,
        rows=tuple(_lines(row) for row in letter.rows[:MOST_ROWS]),
        notes=_lines(letter.notes),
        pictures=tuple(
            Picture(name=picture.name, alt=one_line(picture.alt), data=picture.data) for picture in letter.pictures
        ),
        page=letter.page,
        left_out=_lines(letter.left_out),
    )


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(one_line, texts))


def _more(letter: Letter, rows: int) -> str | None:
    """That not all rows are shown."""
    shown = len(letter.rows)
    return None if rows == shown else f"The table has {rows - shown:,} more rows; these are the first {shown:,}."


def _rights(letter: Letter) -> list[bool]:
    """Which columns have figures only and are aligned at the right; never the first, which says what of."""
    columns = list(zip(*letter.rows, strict=True)) if letter.rows else []
    return [at > 0 and all(map(_FIGURE.fullmatch, column)) for at, column in enumerate(columns)]


def _text(letter: Letter, rows: int, unsubscribe: str | None) -> str:
    parts: list[str | None] = [paragraph(letter.title), *map(paragraph, letter.sentences)]
    if letter.rows:
        parts += [table(letter.columns, letter.rows, _rights(letter)), _more(letter, rows)]
    parts += map(paragraph, letter.notes)
    parts += [paragraph(f"[{picture.alt}]") for picture in letter.pictures]
    parts += map(paragraph, letter.left_out)
    if letter.page is not None:
        parts.append(f"The page:\n{letter.page}")
    if unsubscribe is not None:
        parts.append(f"-- \nNo more of these mails:\n{unsubscribe}")
    return "\n\n".join(filter(None, parts)) + "\n"


def _html(letter: Letter, rows: int, ids: Sequence[str], unsubscribe: str | None) -> str:
    return _template().render(
        letter=letter,
        more=_more(letter, rows),
        rights=_rights(letter),
        pictures=[(content_id, picture.alt) for content_id, picture in zip(ids, letter.pictures, strict=True)],
        unsubscribe=unsubscribe,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("letter.html.jinja")

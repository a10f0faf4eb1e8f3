"""Letters for tests, and what is in a mail as a reader takes it apart."""

import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from app.sending.letter import Attachment, Letter, Picture, message

AT: Final = datetime(2024, 11, 4, 7, 30, tzinfo=UTC)
PAGE: Final = "https://openhours.example.com/reports/rep_1"
UNSUBSCRIBE: Final = "https://openhours.example.com/unsubscribe?token=" + "Ab-_9.~" * 30
CSV: Final = "store_id,name,uptime\r\n1,Zürich,99.50\n2,\0東京,\r\n.\r\nFrom x\n".encode()


def png(width: int, height: int) -> bytes:
    """Of two colours, which tells where it begins and ends."""
    rows = (bytes((0, *(0x99 if (x // 40 + y // 40) % 2 else 0xDD for x in range(width)))) for y in range(height))
    chunks = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"".join(rows)))
    parts = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


#: What a report of every Monday may say.
REPORT: Final = Letter(
    subject="Uptime of 38 stores, 28 October – 3 November 2024",  # noqa: RUF001 - a dash
    title="Uptime of 38 stores, 28 October – 3 November 2024",  # noqa: RUF001 - a dash
    sentences=(
        "Within working hours the stores were up 98.41 % of the time, 0.62 points less than in the week before.",
        "Three stores are below the target of 99.5 %. The report was made on Monday, 4 November 2024, 08:30 in Zürich.",
    ),
    columns=("store", "uptime %", "downtime", "before %", "polls"),
    rows=(
        ("Zürich Hauptbahnhof", "99.91", "4 min", "99.80", "1,204"),
        ("Bern Wankdorf City mit sehr langem Namen im Untergeschoss", "91.20", "5 h 17 min", "98.75", "1,190"),
        ("東京駅前店", "98.00", "1 h 12 min", "98.00", "980"),
        ("متجر القاهرة 24", "97.32", "1 h 40 min", "–", "17"),  # noqa: RUF001 - a dash
        ("Kiosk 🕘", "–", "–", "–", "0"),  # noqa: RUF001 - dashes
    ),
    notes=("Time without polls counts as the status before.", "One store has no polls."),
    pictures=(Picture(name="uptime.png", alt="Uptime by day, from 97.1 % to 99.9 %", data=png(1200, 400)),),
    attachments=(Attachment(name="uptime.csv", media_type="text/csv", data=CSV),),
    page=PAGE,
    left_out=("polls.csv, 48 MB, is too large for a mail; it is on the page.",),
)


def made(letter: Letter = REPORT, **given: Any) -> EmailMessage:
    options: dict[str, Any] = {
        "sender": "reports@example.com",
        "recipient": "ada@example.org",
        "message_id": "dlv_01J9",
        "unsubscribe": UNSUBSCRIBE,
        "at": AT,
    }
    return message(letter, **(options | given))


@dataclass(frozen=True)
class Read:
    """A mail as somebody reads it.

    Attributes:
        mail: all of it.
        text: of the plain part.
        html: of the other.
        pictures: by the id with which the HTML refers to them.
        files: those that are attached.
    """

    mail: EmailMessage
    text: str
    html: str
    pictures: dict[str, EmailMessage]
    files: list[EmailMessage]


def read(mail: EmailMessage | bytes) -> Read:
    """From the bytes that go over the line."""
    data = mail.as_bytes() if isinstance(mail, EmailMessage) else mail
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")
    parsed = message_from_bytes(data, policy=default)
    assert isinstance(parsed, EmailMessage)
    parts = list(parsed.walk())
    assert not any(part.defects for part in parts)
    bodies = [part.get_body((kind,)) for part, kind in ((parsed, "plain"), (parsed, "html"))]
    text, html = (body.get_content().replace("\r\n", "\n") for body in bodies if isinstance(body, EmailMessage))
    pictures = {str(part["Content-ID"]).strip("<>"): part for part in parts if part["Content-ID"] is not None}
    files = list(parsed.iter_attachments()) if parsed.get_content_type() == "multipart/mixed" else []
    return Read(parsed, text, html, pictures, files)

"""A mail is what its letter says, for whoever reads it, and nothing that a name would make of it."""

from dataclasses import replace
from email.header import decode_header, make_header
from email.message import MIMEPart
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sending.letter import MOST_OF_SUBJECT, MOST_ROWS, Attachment, Letter, Picture
from app.sending.mail_server import Security
from app.sending.smtp import Server, send
from tests.console.html import read as read_html
from tests.sending.letters import CSV, PAGE, REPORT, UNSUBSCRIBE, made, png, read
from tests.sending.mail_servers import Received, receiving

#: What a text may try. Each is harmless in a subject, a title, a name of a row, a note, an alternative text.
HOSTILE: Final = {
    "a header": "x\r\nBcc: victim@example.net",
    "a lone line feed": "x\nBcc: victim@example.net",
    "a lone carriage return": "x\rBcc: victim@example.net",
    "a body": "x\r\n\r\n<b>other</b>",
    "nul": "x\0y",
    "other controls": "x\x07\x08\x1b[2J\x7f\x85\x9by",
    "line separators": "x\N{LINE SEPARATOR}Bcc: y\N{PARAGRAPH SEPARATOR}",
    "an encoded word": "=?utf-8?q?x=0D=0ABcc=3A_victim=40example.net?=",
    "two encoded words": "=?utf-8?b?eA0KQmNjOiB5?= =?utf-8?b?eA0KQmNjOiB5?=",
    "half an encoded word": "==?utf-8?q?=0D=0A",
    "an element": "<img src=x onerror=alert(1)><x-evil>",
    "an end": "</td></table></title></style><script>alert(1)</script>",
    "quotes": "\"'><x-evil a=\"'",
    "a template": "{{ 7 * 7 }}{% raw %}%(name)s${x}",
    "half a character": "x\ud800y\udfff",
    "turned round": "gpj\N{RIGHT-TO-LEFT OVERRIDE}exe.\N{LEFT-TO-RIGHT ISOLATE}x",
    "long": "W" * 5000,
    "long words": "Uptime " * 800,
    "long and wide": "東京駅前店" * 200,
    "spaces": "   x \t  ",
    "a boundary": "--===============0086708029453844939==",
    "a dot": ".",
    "from": "From x",
    "nothing": "",
}

hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())

#: The headers of each mail.
HEADERS: Final = [
    *("From", "To", "Date", "Subject", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type"),
]


def structure(mail: MIMEPart) -> object:
    """The types of a mail, of what is in what."""
    kind = mail.get_content_type()
    return (kind, [structure(part) for part in mail.iter_parts()]) if mail.is_multipart() else kind


def test_readers_choose_between_text_and_html_with_pictures_and_find_files_beside_it() -> None:
    related = ("multipart/related", ["text/html", "image/png"])
    expected = ("multipart/mixed", [("multipart/alternative", ["text/plain", related]), "text/csv"])
    assert structure(read(made()).mail) == expected


def test_a_mail_without_files_has_no_more_parts_than_it_needs() -> None:
    plain = replace(REPORT, pictures=(), attachments=())
    assert structure(read(made(plain)).mail) == ("multipart/alternative", ["text/plain", "text/html"])


def test_its_headers() -> None:
    mail = read(made()).mail
    assert mail.keys() == HEADERS
    assert {name: mail[name] for name in HEADERS[:9]} == {
        "From": "reports@example.com",
        "To": "ada@example.org",
        "Date": "Mon, 04 Nov 2024 07:30:00 +0000",
        "Subject": REPORT.subject,
        "Message-ID": "<dlv_01J9@example.com>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Unsubscribe": f"<{UNSUBSCRIBE}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert f"\r\nList-Unsubscribe: <{UNSUBSCRIBE}>\r\n".encode() in made().as_bytes(), "as it is, in one line"


def test_a_mail_that_somebody_waits_for_and_nobody_can_stop() -> None:
    mail = read(made(auto=False, unsubscribe=None))
    assert mail.mail.keys() == [*HEADERS[:5], *HEADERS[9:]]
    assert "No more of these mails" not in mail.html + mail.text


def test_each_attempt_has_the_same_message_id_however_long_the_domain() -> None:
    domain = ".".join(["a" * 60] * 3) + ".example.org"
    first, second = (made(sender=f"reports@{domain}", message_id="dlv_" + "0" * 60) for _ in range(2))
    header = f"\r\nMessage-ID: <dlv_{'0' * 60}@{domain}>\r\n".encode()
    assert header in first.as_bytes()
    assert header in second.as_bytes()
    assert f"From: reports@{domain}\r\n".encode() in first.as_bytes()


def test_files_and_pictures_arrive_byte_by_byte() -> None:
    received = Received()
    with receiving(received) as port:
        server = Server(host="localhost", port=port, security=Security.NONE)
        send(server, made(), recipient="ada@example.org")
    mail = read(received.mails[0])
    [file] = mail.files
    assert (file.get_filename(), file.get_content_type()) == ("uptime.csv", "text/csv")
    assert file.get_content_charset() == "utf-8"
    assert file.get_content_disposition() == "attachment"
    assert file.get_payload(decode=True) == CSV
    [(content_id, picture)] = mail.pictures.items()
    assert picture.get_content() == REPORT.pictures[0].data
    assert picture.get_content_disposition() == "inline"
    image = read_html(mail.html).one("img")
    assert image["src"] == f"cid:{content_id}"
    assert image["alt"] == REPORT.pictures[0].alt


def test_pictures_keep_their_order_and_have_ids_of_their_own() -> None:
    pictures = tuple(Picture(name="same.png", alt=f"no. {at}", data=png(at, 1)) for at in (1, 2, 3))
    mail = read(made(replace(REPORT, pictures=pictures)))
    images = read_html(mail.html).all("img")
    shown = [(mail.pictures[image["src"].removeprefix("cid:")].get_content(), image["alt"]) for image in images]
    assert shown == [(picture.data, picture.alt) for picture in pictures]


def test_the_text_part() -> None:
    lines = read(made()).text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("store "))
    assert lines[at : at + 4] == [
        "store                                                      uptime %    downtime  before %  polls",
        "---------------------------------------------------------  --------  ----------  --------  -----",
        "Zürich Hauptbahnhof                                           99.91       4 min     99.80  1,204",
        "Bern Wankdorf City mit sehr langem Namen im Untergeschoss     91.20  5 h 17 min     98.75  1,190",
    ]
    assert lines[at + 4] == "東京駅前店" + " " * 52 + "98.00  1 h 12 min     98.00    980", "wide letters take two"
    outside = [line for line in [*lines[:at], *lines[at + 7 :]] if "://" not in line]
    assert max(map(len, outside)) <= 76
    for text in (*REPORT.sentences, *REPORT.notes, *REPORT.left_out, f"[{REPORT.pictures[0].alt}]"):
        assert text in " ".join(" ".join(lines).split())
    assert {PAGE, UNSUBSCRIBE} <= {*lines}, "links are not broken"


def test_a_table_too_wide_for_text_is_a_list() -> None:
    columns, rows = ("store", *"abc"), (("one", "x" * 50, "y" * 40, "1"), ("two", "z", "", "2"))
    text = read(made(replace(REPORT, columns=columns, rows=rows))).text
    assert f"store: one\na: {'x' * 50}\nb: {'y' * 40}\nc: 1\n\nstore: two\na: z\nb: \nc: 2\n" in text


def test_the_html_part() -> None:
    page = read_html(read(made()).html)
    assert page.one("html")["lang"] == "en"
    assert page.one("title").text == REPORT.subject
    assert page.one("h1").text == REPORT.title
    shown = page.one("body").text
    assert all(text in shown for text in (*REPORT.sentences, *REPORT.notes, *REPORT.left_out))
    assert [head.text for head in page.all("th", scope="col")] == [*REPORT.columns]
    rows = [[cell.text for cell in row.all("th") + row.all("td")] for row in page.one("tbody").all("tr")]
    assert rows == [list(row) for row in REPORT.rows]
    assert [link["href"] for link in page.all("a")] == [PAGE, UNSUBSCRIBE]
    assert not page.all("script")
    aligned = ["text-align:right" in head["style"] for head in page.all("th", scope="col")]
    assert aligned == [False, True, True, True, True]


def test_names_that_are_numbers_are_aligned_as_names() -> None:
    mail = read(made(replace(REPORT, columns=("store", "uptime"), rows=(("7", "9.00"), ("1204", "10.00")))))
    assert "\nstore  uptime\n-----  ------\n7        9.00\n1204    10.00\n" in mail.text


def test_a_letter_may_be_a_title_alone() -> None:
    mail = read(made(Letter(subject="Test", title="It works in Zürich"), unsubscribe=None))
    assert mail.text == "It works in Zürich\n"
    page = read_html(mail.html)
    assert page.one("body").text == "It works in Zürich"
    assert not page.all("table", cellpadding="0")[1:], "no table but the one that holds all"


def test_of_many_rows_the_first_are_shown() -> None:
    rows = tuple((f"store {at}", f"{at}.00") for at in range(10_000))
    mail = read(made(replace(REPORT, columns=("store", "uptime"), rows=rows)))
    more = "The table has 9,800 more rows; these are the first 200."
    assert more in mail.text
    page = read_html(mail.html)
    assert more in page.one("body").text
    assert len(page.one("tbody").all("tr")) == MOST_ROWS
    assert "store 199" in mail.text
    assert "store 200" not in mail.text + mail.html
    all_rows = read(made(replace(REPORT, columns=("store", "uptime"), rows=rows[:MOST_ROWS])))
    assert "more rows" not in all_rows.text + all_rows.html


def full_of(text: str) -> Letter:
    """A letter that has a text wherever it may have one."""
    return Letter(
        subject=text,
        title=text,
        sentences=("x", text),
        columns=(text, "figure"),
        rows=((text, text), ("x", "1")),
        notes=("x", text),
        pictures=(Picture(name=text, alt=text, data=png(1, 1)),),
        attachments=(Attachment(name=text, media_type="text/csv", data=CSV),),
        page=PAGE,
        left_out=("x", text),
    )


@hostile
def test_a_hostile_text_is_text(text: str) -> None:
    mail, ordinary = read(made(full_of(text))), read(made(full_of("x")))
    assert mail.mail.keys() == HEADERS
    related = ("multipart/related", ["text/html", "image/png"])
    assert structure(mail.mail) == ("multipart/mixed", [("multipart/alternative", ["text/plain", related]), "text/csv"])
    page = read_html(mail.html)
    assert [one.tag for one in page.all()] == [one.tag for one in read_html(ordinary.html).all()], "it adds no element"
    shown = cleaned(text)
    assert page.one("h1").text == shown
    assert [cell.text for cell in page.one("tbody").all("tr")[0].all("bdi")] == [shown, shown]
    assert " ".join(page.one("img")["alt"].split()) == shown
    assert mail.files[0].get_payload(decode=True) == CSV
    for name in (mail.files[0].get_filename(), next(iter(mail.pictures.values())).get_filename()):
        assert name
        assert len(name) <= 100
        assert not set('/\\:"<>|?*\r\n\0') & {*name}
        assert name.isprintable()
        assert not name.startswith(".")


def cleaned(text: str) -> str:
    """What a reader sees of a text, white space made one space; a slow twin of what the letter does."""
    for code in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]:
        text = text.replace(chr(code), " ")
    for code in [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]:
        text = text.replace(chr(code), "")
    return " ".join(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())


@hostile
def test_78_a_hostile_subject_is_a_subject(text: str) -> None:
    mail = read(made(replace(REPORT, subject=text))).mail
    subject = str(mail["Subject"])
    assert len(subject) <= MOST_OF_SUBJECT
    assert "=?" not in subject
    assert subject.isprintable()
    raw = next(value for name, value in made(replace(REPORT, subject=text)).raw_items() if name == "Subject")
    assert str(make_header(decode_header(str(raw)))) == subject, "older readers see the same"


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_subject_is_read_as_it_is_shown_in_the_page(text: str) -> None:
    mail = read(made(replace(REPORT, subject=text, pictures=(), attachments=())))
    title = read_html(mail.html).one("title").text
    assert " ".join(str(mail.mail["Subject"]).split()) == title
    assert mail.mail.keys() == HEADERS


@pytest.mark.parametrize(
    "text",
    [
        "Die Verfügbarkeit fiel auf 97,3 % – Öffnungszeiten: Mo–Fr",  # noqa: RUF001 - dashes
        "東京駅前店の稼働率は 97.3 % です",
        "بلغ وقت التشغيل 97.3 %",
        "🕘 \N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN} up 👍🏽",
    ],
)
def test_every_script_arrives(text: str) -> None:
    mail = read(made(replace(REPORT, subject=text, title=text, rows=((text, *"1234"),))))
    assert str(mail.mail["Subject"]) == text
    assert text in mail.text
    assert read_html(mail.html).one("h1").text == text
    assert read_html(mail.html).one("h1")["dir"] == "auto"


@pytest.mark.parametrize(
    ("given_type", "kind"),
    [
        ("text/csv", "text/csv"),
        ("text/csv; charset=latin-1", "text/csv"),
        ("application/json", "application/json"),
        ("image/png", "image/png"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("", "application/octet-stream"),
        ("text", "application/octet-stream"),
        ("text/csv\r\nBcc: x@y.z", "application/octet-stream"),
    ],
)
def test_what_a_file_is(given_type: str, kind: str) -> None:
    files = (Attachment(name="a", media_type=given_type, data=CSV),)
    [file] = read(made(replace(REPORT, attachments=files))).files
    assert file.get_content_type() == kind
    assert file.get_payload(decode=True) == CSV


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("uptime.csv", "uptime.csv"),
        ("Zürich 2024 (1).csv", "Zürich 2024 (1).csv"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\x.exe", "C__x.exe"),
        (".bashrc", "bashrc"),
        ("a" * 200 + ".csv", "a" * 96 + ".csv"),
        ("...", "file"),
    ],
)
def test_what_a_file_is_called(name: str, kept: str) -> None:
    files = (Attachment(name=name, media_type="text/csv", data=CSV),)
    assert [file.get_filename() for file in read(made(replace(REPORT, attachments=files))).files] == [kept]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "//x.example",
        "https://x.example/a b",
        "https://x.example/\r\nBcc: y",
        "https://x/<y>",
        "",
    ],
)
def test_an_address_that_is_none_of_the_web_is_a_mistake_of_the_caller(link: str) -> None:
    with pytest.raises(ValueError, match="is not a web address"):
        made(replace(REPORT, page=link))
    with pytest.raises(ValueError, match="is not a web address"):
        made(unsubscribe=link)


@pytest.mark.parametrize("message_id", ["", "a b", "a\r\nBcc: x@y.z", "a@b", "<a>", "a..b", "ä"])
def test_a_message_id_is_made_of_few_characters(message_id: str) -> None:
    with pytest.raises(ValueError, match="may have only letters, digits"):
        made(message_id=message_id)

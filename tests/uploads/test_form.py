"""A form with a file, however it is cut into pieces on its way."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.errors import InvalidUpload, UploadCut
from app.uploads import form
from app.uploads.form import file_in

TYPE = 'multipart/form-data; boundary="x"'
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a b.csv"\r\nContent-Type: text/csv\r\n\r\n'
CONTENT = b"store_id,status\r\n1,active\r\n-- x\r\n--\r\n\r\n\r\n"
FORM = HEAD + CONTENT + b"\r\n--x--\r\n"


async def pieces(form: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(form), size):
        yield form[start : start + size]


def read(form: bytes, *, size: int = 7, content_type: str = TYPE) -> tuple[str | None, bytes]:
    async def run() -> tuple[str | None, bytes]:
        file = await file_in(content_type, pieces(form, size))
        return file.filename, b"".join([block async for block in file.stream])

    return asyncio.run(run())


@pytest.mark.parametrize("size", [1, 2, 3, 50, 1000])
def test_the_file_is_what_was_sent(size: int) -> None:
    assert read(FORM, size=size) == ("a b.csv", CONTENT)


def test_an_empty_file_is_a_file() -> None:
    assert read(HEAD + b"\r\n--x--\r\n") == ("a b.csv", b"")


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (b"", "The form ends before the file in it begins."),
        (HEAD, "The form ends in the middle of the file: its closing boundary is missing."),
        (HEAD + CONTENT, "The form ends in the middle of the file: its closing boundary is missing."),
        (b"no form at all", "The form cannot be read: its parts are not separated by the boundary of its Content-Type"),
        (
            b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\npolls\r\n' + FORM,
            "The part 'kind' of the form has no file name; send options in the query string.",
        ),
        (
            HEAD + CONTENT + b"\r\n" + FORM,
            "The form has several parts; send only the file, and options in the query string.",
        ),
        (b"--x\r\nA: " + b"a" * 20_000, "The form cannot be read: its parts"),
        (HEAD.replace(b"a b", b"\xff"), "filename is b'\\xff.csv', which is not UTF-8."),
    ],
)
def test_a_form_that_is_something_else_says_what(form: bytes, message: str) -> None:
    with pytest.raises(InvalidUpload) as caught:
        read(form)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("content_type", ["text/csv", "multipart/form-data", "multipart/mixed; boundary=x"])
def test_only_a_form_with_a_boundary_is_one(content_type: str) -> None:
    with pytest.raises(InvalidUpload, match="multipart/form-data with a boundary"):
        read(FORM, content_type=content_type)


def test_a_boundary_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidUpload, match="cannot be read"):
        read(FORM, content_type=f"multipart/form-data; boundary={'x' * 300}")


def test_a_form_whose_file_does_not_begin_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "HEAD_SECONDS", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        await asyncio.sleep(60)

    async def run() -> None:
        await file_in(TYPE, silent())

    with pytest.raises(UploadCut):
        asyncio.run(run())


FIELDS = b"".join(
    b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % one
    for one in ((b"kind", b"polls"), (b"note", "Zürich\r\n--".encode()), (b"empty", b""))
)


def read_with_fields(form: bytes, *, size: int = 7) -> tuple[dict[str, str], bytes]:
    async def run() -> tuple[dict[str, str], bytes]:
        file = await file_in(TYPE, pieces(form, size), takes_fields=True)
        return dict(file.fields), b"".join([block async for block in file.stream])

    return asyncio.run(run())


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_fields_before_the_file_are_read_where_they_are_taken(size: int) -> None:
    fields = {"kind": "polls", "note": "Zürich\r\n--", "empty": ""}
    assert read_with_fields(FIELDS + FORM, size=size) == (fields, CONTENT)
    assert read_with_fields(FORM, size=size) == ({}, CONTENT)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (FIELDS + b"--x--\r\n", "The form ends before the file in it begins."),
        (FIELDS + FORM.removesuffix(b"--\r\n") + b"\r\n" + FIELDS, "The form has several parts"),
        (FIELDS.replace(b"polls", b"p" * form.MOST_FIELD_BYTES) + FORM, "The fields before the file have more than"),
    ],
    ids=["no file", "behind", "long"],
)
def test_fields_do_not_stand_behind_the_file_and_are_not_long(form: bytes, message: str) -> None:
    with pytest.raises(InvalidUpload, match=message):
        read_with_fields(form)

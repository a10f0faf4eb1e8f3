"""Where a key comes from, and to whom it is sent."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import openhours
from openhours import keys
from openhours.outgoing import outgoing

KEY = "oh_" + "k" * 49
OTHER = "oh_" + "o" * 49


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No key of whoever runs the tests."""
    monkeypatch.delenv("OPENHOURS_API_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "openhours" / "keys.json"


class Recorder(ThreadingHTTPServer):
    """A server that is none of ours: it answers what it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Recording)
        self.asked: list[tuple[str, str, str | None]] = []
        self.status = 200
        self.body = b"{}"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def credentials(self) -> list[str | None]:
        return [sent for *_, sent in self.asked]


class _Recording(BaseHTTPRequestHandler):
    server: Recorder

    def answer(self) -> None:
        self.server.asked.append((self.command, self.path, self.headers["Authorization"]))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.server.body)

    do_GET = do_POST = do_HEAD = do_PATCH = answer  # noqa: N815 - as the standard library calls them

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Recorder]:
    with Recorder() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_key_that_is_given_counts_before_the_environment_and_that_before_a_stored_one(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    openhours.Client(server.address).entity("store", "7")
    keys.store(server.address, "oh_stored")
    openhours.Client(server.address).entity("store", "7")
    monkeypatch.setenv("OPENHOURS_API_KEY", f"{KEY}\n")
    openhours.Client(server.address).entity("store", "7")
    openhours.Client(server.address, key=OTHER).entity("store", "7")
    openhours.Client(server.address, key="").entity("store", "7")
    assert server.credentials == [None, "Bearer oh_stored", f"Bearer {KEY}", f"Bearer {OTHER}", None]


def test_a_stored_key_is_sent_to_its_server_alone(server: Recorder) -> None:
    with_slash = server.address.replace("http", "HTTP") + "/"
    keys.store(with_slash, KEY)
    keys.store("https://openhours.example:443", OTHER)
    assert keys.key_for(server.address) == KEY
    assert keys.key_for("https://openhours.example") == OTHER
    assert keys.key_for("http://openhours.example") is None
    assert keys.key_for("https://openhours.example/other") is None
    assert (keys.forget("https://openhours.example/"), keys.key_for("https://openhours.example")) == (OTHER, None)
    assert keys.key_for(server.address) == KEY
    assert keys.forget("https://openhours.example/") is None


def test_a_key_is_sent_neither_to_an_object_store_nor_with_a_presigned_link(server: Recorder, tmp_path: Path) -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    server.body = b""
    with Recorder() as store, openhours.Client(server.address, key=KEY) as client:
        store.body = b""
        thread = Thread(target=store.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for url in (f"{store.address}/a.csv", f"{server.address}/a.csv?X-Amz-Signature=1", f"{server.address}/a.csv"):
            client.download(openhours.File(name="a.csv", url=url, bytes=0, rows=0, sha256=empty), tmp_path)
        store.shutdown()
        thread.join()
        assert store.credentials == [None]
    assert server.credentials == [None, f"Bearer {KEY}"]


def test_an_upload_sends_the_key_and_says_so_when_it_has_ended(server: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "polls.csv"
    path.write_text("store_id,status,timestamp_utc\n")
    server.status = 401
    server.body = json.dumps({"code": "invalid_token", "detail": "The key is not known, or not any more."}).encode()
    with pytest.raises(openhours.NotAuthenticated) as refused:
        openhours.Client(server.address, key=KEY).load("polls", path)
    assert server.asked == [("POST", "/uploads", f"Bearer {KEY}")]
    assert (refused.value.code, refused.value.status) == ("invalid_token", 401)
    assert refused.value.message == (
        "The key is not known, or not any more.\n"
        f"To store a key: openhours login {server.address} (or set OPENHOURS_API_KEY)."
    )


def test_an_upload_that_goes_on_says_so_too_though_the_answer_to_head_has_no_body(
    server: Recorder, tmp_path: Path
) -> None:
    path = tmp_path / "polls.csv"
    path.write_text("store_id,status,timestamp_utc\n")
    file = outgoing(path, kind="polls", options={}, read=lambda _: None)
    with openhours.Client(server.address, key=KEY) as client:
        uploader = client.uploader(memory=tmp_path / "memory")
        (tmp_path / "memory").mkdir()
        note = tmp_path / "memory" / f"{file.fingerprint(server.address)}.json"
        note.write_text(json.dumps({"upload": "/uploads/1"}))
        server.status = 401
        with pytest.raises(openhours.NotAuthenticated) as refused:
            uploader.send(file, sent=lambda _: None)
        uploader.close()
    assert server.asked == [("HEAD", "/uploads/1", f"Bearer {KEY}")]
    assert refused.value.code == "authentication_required"


def test_what_a_key_may_not_do_is_an_error_of_its_own(server: Recorder) -> None:
    server.status = 403
    server.body = json.dumps(
        {"code": "not_allowed", "detail": "This needs reports:run.", "scope": "reports:run"}
    ).encode()
    with pytest.raises(openhours.NotAllowed, match="This needs reports:run") as refused:
        openhours.Client(server.address, key=KEY).trigger("uptime")
    assert (refused.value.code, refused.value.details) == ("not_allowed", {"scope": "reports:run"})
    assert isinstance(refused.value, openhours.Problem)


def test_keys_are_in_a_file_that_its_owner_alone_can_read(configuration: Path) -> None:
    assert keys.store("https://openhours.example", KEY) == configuration
    keys.store("https://other.example", OTHER)
    assert configuration.stat().st_mode & 0o777 == 0o600
    assert configuration.parent.stat().st_mode & 0o077 == 0
    assert list(configuration.parent.iterdir()) == [configuration]
    assert json.loads(configuration.read_text()) == {"https://openhours.example": KEY, "https://other.example": OTHER}


def test_a_file_that_others_can_read_is_refused_with_what_to_do(configuration: Path, server: Recorder) -> None:
    keys.store(server.address, KEY)
    configuration.chmod(0o640)
    with pytest.raises(openhours.InvalidInput, match=rf"{configuration} \(mode 0640\)\. Run: chmod 600 ") as refused:
        openhours.Client(server.address)
    assert KEY not in str(refused.value)
    configuration.chmod(0o600)
    openhours.Client(server.address).entity("store", "7")
    assert server.credentials == [f"Bearer {KEY}"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"https://a.example": 7}', '{"https://a.example": "two words"}'])
def test_a_file_of_keys_that_is_none_is_refused_by_its_name(configuration: Path, content: str) -> None:
    configuration.parent.mkdir(parents=True)
    configuration.touch(mode=0o600)
    configuration.write_text(content)
    with pytest.raises(openhours.InvalidInput, match=f"{configuration} is not a file of keys"):
        openhours.Client("https://a.example")


@pytest.mark.parametrize("wrong", ["oh_two words", "oh_a\nb", "oh_ü", "oh_\0", "  "])
def test_what_is_no_key_is_refused_without_being_repeated(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(openhours.InvalidInput, match=r"^The key is not a key: a key is one word") as refused:
        openhours.Client("https://a.example", key=wrong)
    assert "oh_two" not in str(refused.value)
    if "\0" not in wrong:
        monkeypatch.setenv("OPENHOURS_API_KEY", wrong)
        with pytest.raises(openhours.InvalidInput, match=r"^OPENHOURS_API_KEY is not a key"):
            openhours.Client("https://a.example")


def test_a_client_shows_no_key() -> None:
    client = openhours.Client("https://a.example", key=KEY)
    assert KEY not in repr(client) + repr(client.__dict__)


def test_an_account_without_a_home_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "/dev/null")
    assert keys.key_for("https://a.example") is None

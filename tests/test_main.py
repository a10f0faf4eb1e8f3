"""``app.main:app`` on an ASGI server that knows nothing of it."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.errors import SetupError
from app.main import Application
from app.web.limits import Limits
from tests.commands import LIMIT_SECONDS, REPOSITORY, answers, free_port, http, run, wait_until, working_below
from tests.programs.command import alone, of_module, without_settings


@contextmanager
def uvicorn(
    home: Path, port: int, *options: str, command: Sequence[str] = (), **variables: str
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*(command or of_module("uvicorn")), "app.main:app", "--port", str(port), *options],
        cwd=REPOSITORY,
        env=without_settings() | {"OPENHOURS_HOME": str(home), "OPENHOURS_SLOTS": "1"} | variables,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_uvicorn_opens_the_servers_of_the_settings_and_closes_them(tmp_path: Path, end: signal.Signals) -> None:
    home, port = tmp_path / "home", free_port()
    with uvicorn(home, port) as process:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz") == 200, process)
        assert http().get(f"http://127.0.0.1:{port}/echo/hello").json() == {"message": "hello"}
        outcome = run(home, "entities", "--server", f"http://127.0.0.1:{port}")
        assert outcome.code == 0, outcome.err
        assert working_below(home)
        process.send_signal(end)
        _, err = process.communicate(timeout=LIMIT_SECONDS)
    assert "Traceback" not in err
    assert working_below(home) == []


def test_what_keeps_it_from_starting_is_told_in_words(tmp_path: Path) -> None:
    with uvicorn(tmp_path, free_port(), OPENHOURS_DEFAULT_TIMEZONE="Mars/Olympus") as process:
        _, err = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 3
    assert "bad_setting: OPENHOURS_DEFAULT_TIMEZONE: 'Mars/Olympus' is not a zone" in err
    assert "Traceback" not in err


def test_a_server_without_lifespan_is_told_to_switch_it_on() -> None:
    async def nothing(*_: Any) -> Any:
        raise AssertionError("It answered.")

    with pytest.raises(SetupError, match="lifespan"):
        asyncio.run(Application()({"type": "http"}, nothing, nothing))


LIMITS = Limits()

#: Longest that a connection may live that sends nothing useful, seconds; a server without limits keeps it for ever.
PATIENCE = LIMITS.body_seconds + 20


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a uvicorn that was told nothing but the application, and may open few files."""
    port = free_port()
    home = tmp_path_factory.mktemp("bare") / "home"
    with uvicorn(home, port, command=alone("uvicorn"), OPENHOURS_SLOTS="0") as process:
        psutil.Process(process.pid).rlimit(psutil.RLIMIT_NOFILE, (1024, 1024))
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz") == 200, process)
        yield port
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT_SECONDS)
    assert "Traceback" not in err


def sent(port: int, data: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.sendall(data)
    return connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    with connection:
        received = b""
        try:
            while block := connection.recv(1 << 16):
                received += block
        except ConnectionResetError:
            pass
        return received


HEAD = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def test_a_bare_uvicorn_takes_a_head_of_31_kib_and_refuses_one_of_33(bare: int) -> None:
    close = b"Connection: close\r\n\r\n"
    assert rest(sent(bare, HEAD + b"X-Long: %b\r\n" % (b"x" * (31 << 10)) + close)).startswith(b"HTTP/1.1 200")
    refused = rest(sent(bare, HEAD + b"X-Long: %b\r\n" % (b"x" * (33 << 10)) + close))
    assert refused.startswith(b"HTTP/1.1 431")
    assert b'"head_too_large"' in refused
    endless = sent(bare, HEAD + b"X-Long: " + b"x" * (1 << 20))
    assert rest(endless).startswith(b"HTTP/1.1 431"), "whether or not the header ends"


def test_a_bare_uvicorn_ends_slow_heads_slow_bodies_and_idle_connections(bare: int) -> None:
    half_head, silent = sent(bare, HEAD), sent(bare, b"")
    idle = sent(bare, HEAD + b"\r\n")
    body = b"POST /trigger_report HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    slow_body = sent(bare, body + b"Content-Length: 100000\r\n\r\n{")
    assert b'"request_too_slow"' in rest(half_head)
    assert rest(silent) == b"", "nobody asked anything"
    assert rest(idle).startswith(b"HTTP/1.1 200")
    assert b'"request_too_slow"' in rest(slow_body)


def test_a_bare_uvicorn_answers_while_connections_without_a_request_pile_up(bare: int) -> None:
    with ExitStack() as stack:
        halves = [stack.enter_context(sent(bare, b"GET / HT")) for _ in range(700)]
        assert rest(sent(bare, HEAD + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert any(is_closed(one) for one in halves[:100]), "the oldest had to go"


@pytest.mark.parametrize("http", ["auto", "h11"])
def test_a_bare_uvicorn_believes_only_the_proxies_of_the_settings(tmp_path: Path, http: str) -> None:
    """Its own default is to believe whoever connects from this machine; then nobody counted as a trusted proxy."""
    home, port = tmp_path / "home", free_port()
    settings = {
        "OPENHOURS_SLOTS": "0",
        "OPENHOURS_AUTH": "proxy",
        "OPENHOURS_TRUSTED_PROXIES": "127.0.0.0/30",
        "OPENHOURS_PROXY_ROLES": "staff=viewer",
        "OPENHOURS_PROXY_GROUPS_HEADER": "X-Groups",
        "OPENHOURS_ACCESS_LOG": "true",
        "OPENHOURS_PUBLIC_URL": "https://openhours.example",
    }
    asking = b"GET /reports HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nX-Groups: staff\r\n"
    asking += b"X-Forwarded-User: ada\r\nConnection: close\r\n\r\n"
    with uvicorn(home, port, "--http", http, "--no-access-log", **settings) as process:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez") == 200, process)
        assert rest(sent(port, asking)).startswith(b"HTTP/1.1 200")
        stranger = socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=("127.0.0.9", 0))
        stranger.sendall(asking)
        assert rest(stranger).startswith(b"HTTP/1.1 401")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT_SECONDS)
    assert '"client":"203.0.113.9"' in err.replace(" ", "")
    assert '"client":"127.0.0.9"' in err.replace(" ", "")


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(1)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_a_bare_uvicorn_speaks_no_websockets(bare: int) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    with sent(bare, HEAD + upgrade + key) as connection:
        assert b" 101 " not in connection.recv(100)


def test_a_server_that_cannot_be_bounded_says_so(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    with uvicorn(home, port, "--http", "h11", OPENHOURS_SLOTS="0") as process:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz") == 200, process)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT_SECONDS)
    assert "this ASGI server sets the limits for connections" in err

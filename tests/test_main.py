"""``app.main:app`` on an ASGI server that knows nothing of it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.errors import SetupError
from app.main import Application
from tests.commands import LIMIT_SECONDS, REPOSITORY, answers, free_port, http, run, wait_until, working_below


@contextmanager
def uvicorn(home: Path, port: int, **variables: str) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENHOURS_")}
    command = [sys.executable, "-W", "error", "-m", "uvicorn", "app.main:app", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment | {"OPENHOURS_HOME": str(home), "OPENHOURS_SLOTS": "1"} | variables,
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

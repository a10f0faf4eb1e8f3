"""The health check of the image finds whichever role runs in the container."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.commands import REPOSITORY, free_port


class Probes(BaseHTTPRequestHandler):
    """Alive, and not ready."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def replica() -> Iterator[int]:
    """The port of one."""
    with HTTPServer(("127.0.0.1", 0), Probes) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def check(path: str, **ports: int) -> int:
    variables = {name: str(port) for name, port in ports.items()}
    script = REPOSITORY / "deploy" / "healthcheck.py"
    return subprocess.run([sys.executable, "-IS", script, path], env=os.environ | variables, check=False).returncode


@pytest.mark.parametrize("role", ["OPENHOURS_PORT", "OPENHOURS_HEALTH_PORT"])
def test_a_replica_of_either_role_is_found(role: str) -> None:
    ports = {"OPENHOURS_PORT": free_port(), "OPENHOURS_HEALTH_PORT": free_port()}
    with replica() as port:
        assert check("/livez", **(ports | {role: port})) == 0
        assert check("/readyz", **(ports | {role: port})) == 1


def test_a_process_of_a_cluster_is_found() -> None:
    script = (REPOSITORY / "deploy" / "healthcheck.py").read_text(encoding="utf-8")
    with replica() as port:
        own = script.replace("CLUSTER_PORT = 8787", f"CLUSTER_PORT = {port}")
        others = {name: str(free_port()) for name in ("OPENHOURS_PORT", "OPENHOURS_HEALTH_PORT")}
        for path, code in (("/livez", 0), ("/readyz", 1)):
            done = subprocess.run([sys.executable, "-IS", "-c", own, path], env=os.environ | others, check=False)
            assert done.returncode == code


def test_nobody_there_is_not_healthy() -> None:
    assert check("/livez", OPENHOURS_PORT=free_port(), OPENHOURS_HEALTH_PORT=free_port()) == 1

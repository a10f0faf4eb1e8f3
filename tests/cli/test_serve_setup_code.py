"""The first administrator of a service that starts its own servers: the code is printed where it is started."""

import re
from pathlib import Path

import httpx2

from tests.commands import free_port, started, wait_until

PASSWORD = "four words for ada"


def test_serve_prints_the_code_that_makes_the_first_administrator(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with started(tmp_path, "serve", "--port", address.rpartition(":")[2], OPENHOURS_AUTH="on") as process:
        assert process.stdout is not None
        told = re.fullmatch(r"open (.+) within 24 hours and enter this code: (oh1_\w+)\n", process.stdout.readline())
        assert told, "it says where to enter which code"

        def is_served() -> bool:
            try:
                return httpx2.get(f"{address}/livez").status_code == 200
            except httpx2.TransportError:
                return False

        wait_until(is_served)
        new = {"code": told[2], "name": "ada", "password": PASSWORD}
        assert httpx2.post(f"{address}/setup", json=new).status_code == 201
        process.terminate()
        process.wait(60)

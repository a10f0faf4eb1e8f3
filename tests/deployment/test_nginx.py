"""nginx with the configuration of docker-compose.yml in front of two replicas, one of which dies."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from app.access.keys import KeyService
from app.access.scopes import Role
from app.access.users import UserService
from app.storage.resources import Addresses, Resources
from tests.commands import REPOSITORY, answers, free_port, wait_until

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@dataclass(frozen=True)
class Site:
    """nginx, and the replicas behind it."""

    client: httpx2.Client
    replicas: list[subprocess.Popen[bytes]]
    folder: Path


def adapted(port: int, replicas: list[int], folder: Path) -> str:
    """The configuration with our ports and addresses instead of Docker's names, and our folder instead of /tmp."""
    text = (REPOSITORY / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    text, names = re.subn(r" +resolver .*\n", "", text)
    text, servers = re.subn(
        r"server api:8000 resolve (.*;)",
        lambda found: "\n".join(f"server 127.0.0.1:{replica} {found[1]}" for replica in replicas),
        text,
    )
    text, listens = re.subn(r"listen 8080;", f"listen 127.0.0.1:{port};", text)
    assert (names, servers, listens) == (1, 1, 1)
    return text.replace("/tmp/", f"{folder}/").replace("/dev/stdout", f"{folder}/access.log")  # noqa: S108


@contextmanager
def process(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.DEVNULL) as started:
        try:
            yield started
        finally:
            started.terminate()
            started.wait(timeout=30)


@pytest.fixture(scope="module")
def site(loaded: Resources, servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all, because replicas take seconds to start; so tests that kill them come last, one before both."""
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    environment = os.environ | {
        "OPENHOURS_DATABASE_URL": loaded.database_url,
        "OPENHOURS_REDIS_URL": servers.redis_url,
        "OPENHOURS_S3_ENDPOINT_URL": servers.s3_endpoint_url,
        "OPENHOURS_S3_BUCKET": loaded.settings.s3_bucket,
        "AWS_ACCESS_KEY_ID": servers.s3_access_key or "",
        "AWS_SECRET_ACCESS_KEY": servers.s3_secret_key or "",
        "OPENHOURS_AUTH": "on",
        "OPENHOURS_TRUSTED_PROXIES": "127.0.0.1",
        "OPENHOURS_DRAIN_SECONDS": "0",  # nobody is left to be answered
    }
    admin = UserService(loaded.engine).add("nginx", role=Role.ADMIN, kind="service")
    _, key = KeyService(loaded.engine).make(admin.id, "nginx")
    port, ports = free_port(), [free_port(), free_port()]
    configuration = folder / "nginx.conf"
    # As root, workers of nginx are nobody, who may not write where pytest keeps its folders.
    own = "user root;\n" if os.geteuid() == 0 else ""
    configuration.write_text(own + adapted(port, ports, folder), encoding="utf-8")
    with ExitStack() as stack:
        serve = [sys.executable, "-m", "app", "serve", "--slots", "0", "--port"]
        replicas = [stack.enter_context(process([*serve, str(one)], environment)) for one in ports]
        for one, replica in zip(ports, replicas, strict=True):
            wait_until(lambda one=one: answers(f"http://127.0.0.1:{one}/readyz") == 200, replica)
        command = [str(NGINX), "-e", "stderr", "-c", str(configuration), "-g", "daemon off;"]
        nginx = stack.enter_context(process(command, dict(os.environ)))
        headers = {"Authorization": f"Bearer {key.text}"}
        client = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers))
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez") == 200, nginx)
        try:
            yield Site(client, replicas, folder)
        finally:
            UserService(loaded.engine).remove(admin.id)


def credentials_pass_and_names_of_users_do_not(site: Site) -> None:
    with httpx2.Client(base_url=site.client.base_url) as nobody:
        assert nobody.get("/reports").status_code == 401
        assert nobody.get("/reports", headers={"X-Forwarded-User": "nginx", "Remote-User": "nginx"}).status_code == 401
        assert nobody.get("/reports", headers={"Cookie": "openhours=ohs_x"}).json()["code"] == "invalid_token"
        assert nobody.get("/setup").headers["content-type"].startswith("application/problem+json")  # there is a user
        assert nobody.get("/login").headers["content-security-policy"].startswith("default-src 'none'")
    assert site.client.get("/me").json()["name"] == "nginx"


def test_files_pass_nginx_as_they_come_whatever_their_size(site: Site) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"store_id,status,timestamp_utc\n"
        for _ in range(80):
            yield b"\n" * (1 << 18)
            if not uploading:
                uploading.extend(site.client.get("/datasets", params={"status": "uploading"}).json()["datasets"])

    uploading: list[object] = []
    answer = site.client.post("/datasets", params={"kind": "polls"}, content=blocks())
    assert answer.status_code == 202, answer.text
    assert answer.json()["bytes"] == 30 + 80 * (1 << 18)
    assert len(uploading) == 1  # a replica had it before nginx had all of it
    assert list((site.folder / "client_body").rglob("*")) == []


def test_a_file_larger_than_other_bodies_is_passed_on(site: Site) -> None:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Metadata": "kind cG9sbHM=", "Upload-Length": str(9 << 20)}
    bytes_of_it = {"Content-Type": "application/offset+octet-stream"}
    begun = site.client.post("/uploads", headers=headers | bytes_of_it, content=b"x" * (3 << 20))
    assert (begun.status_code, begun.headers["upload-offset"]) == (201, str(3 << 20))
    path, rest = begun.headers["location"], b"x" * (6 << 20)
    added = site.client.patch(path, headers=headers | bytes_of_it | {"Upload-Offset": str(3 << 20)}, content=rest)
    assert (added.status_code, added.headers["upload-offset"]) == (204, str(9 << 20))


def test_replicas_behind_nginx_answer_as_one_even_when_one_is_killed(site: Site) -> None:
    report_id = site.client.post("/trigger_report").raise_for_status().json()["report_id"]
    for number in range(200):
        if number == 50:
            site.replicas[0].send_signal(signal.SIGKILL)
            site.replicas[0].wait()
        answer = site.client.get("/get_report", params={"report_id": report_id})
        assert (answer.status_code, answer.json()["status"]) == (200, "Running")
        assert site.client.post("/trigger_report").status_code == 202


def test_what_nginx_refuses_is_a_problem_document_and_metrics_stay_inside(site: Site) -> None:
    credentials_pass_and_names_of_users_do_not(site)
    assert site.client.get("/metrics").status_code == 404
    large = site.client.post("/trigger_report", content=b" " * (1 << 20) + b"{}")
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert large.headers["content-type"] == "application/problem+json"
    assert site.client.get("/livez", headers={"X-Large": "x" * 9000}).status_code == 400
    for replica in site.replicas:
        replica.kill()
        replica.wait()
    gone = site.client.post("/trigger_report")
    assert (gone.status_code, gone.json()["code"]) == (503, "no_replica")
    assert "retry-after" in gone.headers

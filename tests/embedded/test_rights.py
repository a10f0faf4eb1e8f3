"""What the embedded Postgres may do, and what the program may do in it."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from app.embedded.postgres import Postgres
from app.embedded.privileges import unprivileged
from app.embedded.programs import SERVERS
from app.embedded.servers import servers
from app.settings import Settings
from app.storage.migrate import migrate, newest_revision
from app.storage.resources import addresses, open_resources
from tests.commands import working_below
from tests.embedded.test_embedded import REPOSITORY, WITHOUT_AMBIENT_CAPABILITIES, query
from tests.upgrade.earlier import RECORDED

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

#: What an injected statement would try: to read and write files, to run programs, to become somebody else.
FORBIDDEN = (
    "COPY (SELECT 1) TO '/tmp/openhours-was-here'",
    "CREATE TEMP TABLE lines (line text); COPY lines FROM '/etc/passwd'",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE ROLE another",
    "CREATE DATABASE another",
    "ALTER SYSTEM SET log_min_messages = 'panic'",
    "SET ROLE postgres",
    "ALTER ROLE openhours SUPERUSER",
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder and the address of an embedded Postgres with the rights that users get."""
    home = tmp_path_factory.mktemp("rights") / "home"
    with servers(home, redis=False, s3=False) as endpoints:
        assert endpoints.database_url is not None
        yield home, endpoints.database_url


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_role_of_the_program_may_nothing_outside_its_database(database: tuple[Path, str], statement: str) -> None:
    with closing(psycopg2.connect(database[1])) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)


def test_the_role_owns_its_database_and_may_change_its_schema(database: tuple[Path, str]) -> None:
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert query(database[1], owner) == [("openhours",)]
    query(database[1], "CREATE TABLE mine (n int); DROP TABLE mine; DROP SCHEMA public; CREATE SCHEMA public")


def test_the_superuser_cannot_connect(database: tuple[Path, str]) -> None:
    with pytest.raises(psycopg2.OperationalError, match=r"no pg_hba.conf entry"):
        query(database[1].replace("//openhours:", "//postgres:"), "SELECT 1")


@as_root
def test_postgres_started_by_root_has_no_capability_below_a_folder_that_is_roots_alone(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    with servers(tmp_path / "private" / "home", redis=False, s3=False):
        looked_at = 0
        for process in working_below(tmp_path):
            with suppress(FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess):  # those of Postgres come and go
                status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
                sets = dict(re.findall(r"^(Cap(?:Inh|Prm|Eff|Amb)):\t(\w+)$", status, re.MULTILINE))
                assert set(sets.values()) == {"0" * 16}, (process, sets)
                assert "\nNoNewPrivs:\t1\n" in status
                assert {*process.uids(), *process.gids()} == {*pwd.getpwnam("nobody")[2:4]}
                looked_at += 1
        assert looked_at > 3


@pytest.fixture
def private() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="openhours-test-"))
    yield folder
    shutil.rmtree(folder)


@as_root
def test_an_installation_that_is_roots_alone_is_passed_by_a_capability_or_named(private: Path) -> None:
    (private / "postgres").write_text("can be read")
    (private / "postgres").chmod(0o644)
    run = unprivileged(private / "postgres")
    shown = subprocess.run([*run.prefix, "cat", private / "postgres"], capture_output=True, text=True, check=True)
    assert shown.stdout == "can be read"
    source = f"import pathlib, app.embedded.privileges as p; p.unprivileged(pathlib.Path({str(private)!r}, 'x'))"
    command = [sys.executable, "-c", WITHOUT_AMBIENT_CAPABILITIES + source]
    refused = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert f"runs as nobody, and {private} (mode 700) does not let other users reach" in refused.stderr


class EarlierPostgres(Postgres):
    """As the version before set it up: the program connects as superuser."""

    __slots__ = ()

    @property
    def url(self) -> str:
        return super().url.replace("//openhours:", "//postgres:")

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(self.folder, *pwd.getpwnam("nobody")[2:4])
        options = ["--username=postgres", "--auth=trust", "--no-instructions", "--encoding=UTF8", "--locale=C"]
        self._run("initdb", options, cwd=self.folder, data=".")
        statements = "CREATE DATABASE openhours;\n\n"
        self._run("postgres", ["--single", "-j"], "postgres", cwd=self.folder, data=".", statements=statements)


def test_a_home_of_the_version_before_is_taken_over_with_all_that_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with monkeypatch.context() as earlier:
        earlier.setitem(SERVERS, "postgres", EarlierPostgres)
        with servers(home, redis=False, s3=False) as endpoints:
            with closing(psycopg2.connect(endpoints.database_url)) as connection, connection.cursor() as cursor:
                cursor.execute((RECORDED / "database.sql").read_text(encoding="utf-8"))
                cursor.execute("CREATE FUNCTION public.two() RETURNS int LANGUAGE sql AS 'SELECT 2'")
                connection.commit()
            datasets = query(endpoints.database_url, "SELECT count(*) FROM public.dataset")
            assert datasets[0][0] > 0
    with servers(home, redis=False, s3=False) as endpoints:
        strangers = (
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relowner <> 'openhours'::regrole UNION ALL SELECT proname FROM pg_proc "
            "WHERE pronamespace = 'public'::regnamespace AND proowner <> 'openhours'::regrole"
        )
        assert query(endpoints.database_url, strangers) == []
        assert query(endpoints.database_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]
        with pytest.raises(psycopg2.OperationalError, match=r"no pg_hba.conf entry"):
            query(str(endpoints.database_url).replace("//openhours:", "//postgres:"), "SELECT 1")
    settings = Settings(home=home)
    with addresses(settings) as where, open_resources(settings, where) as resources:
        migrate(resources.engine)
        assert query(where.database_url, "SELECT version_num FROM alembic_version") == [(newest_revision(),)]
        assert query(where.database_url, "SELECT count(*) FROM public.dataset") == datasets
    assert working_below(home) == []

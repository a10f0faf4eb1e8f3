"""Examines the installation: each server, what it may do there, this machine. Nothing stays behind."""

import resource
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx2
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.commands.failures import TOLD, told
from app.deliveries.means import means_of
from app.errors import ClockSkewed, ObjectStoreUnavailable, OpenhoursError, SetupError
from app.sending import smtp
from app.settings import Settings
from app.storage.migrate import current_revision, migrate, require_migrated
from app.storage.postgres import database_errors
from app.storage.redis_client import redis_errors
from app.storage.resources import Addresses, Resources, addresses, open_resources
from app.telemetry.logs import redacted
from openhours.errors import OpenhoursError as ClientError

T = TypeVar("T")

#: The lowest versions that the program is tested with: of Postgres the major one, of Redis the first two numbers.
LOWEST_POSTGRES: Final = 18
LOWEST_REDIS: Final = (6, 2)

#: A clock that is off by more is told, seconds: S3 refuses requests from 900 on, and clocks drift on.
MOST_SKEW_SECONDS: Final = 60

#: What a report of a large installation may need in the temporary folder, bytes.
LEAST_ROOM_BYTES: Final = 1 << 30

#: A process has some 60 connections to its servers, and one for each client, file and job.
LEAST_DESCRIPTORS: Final = 1024

#: How long a mail server may take to answer and to let us log in, seconds.
MAIL_SECONDS: Final = 15.0

#: How long a user would wait for a file to begin, seconds.
LINK_SECONDS: Final = 10

_BYTES: Final = b"Openhours was here.\n"
_MEDIA_TYPE: Final = "text/plain"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a check; ``text`` is what was found, or what is wrong and what to do."""

    check: str
    is_well: bool
    text: str


@dataclass(frozen=True, slots=True)
class Patient:
    """The installation under examination."""

    where: Addresses
    resources: Resources


def examine(settings: Settings) -> Iterator[Finding]:
    """The findings, one after the other; a server that cannot be started or reached costs its own checks only."""
    yield from _examined(MACHINE, settings)
    if settings.smtp_url is not None:
        yield from _examined(MAIL, settings)
    try:
        with addresses(settings) as where, open_resources(settings, where) as resources:
            yield from _examined(SERVERS, Patient(where, resources))
    except TOLD as error:
        yield Finding("servers", is_well=False, text=_words(error))


def _examined(checks: Mapping[str, Callable[[T], str]], patient: T) -> Iterator[Finding]:
    for name, check in checks.items():
        try:
            yield Finding(name, is_well=True, text=check(patient))
        except TOLD as error:
            yield Finding(name, is_well=False, text=_words(error))
        except DBAPIError as error:  # such as a right that is missing
            yield Finding(name, is_well=False, text=redacted(str(error.orig)).strip().replace("\n", " "))


def _words(error: OpenhoursError | OSError | ClientError) -> str:
    return "; ".join(f"{code}: {message}" for code, message in told(error)).replace("\n", " ")


def _temporary_folder(_: Settings) -> str:
    with tempfile.TemporaryFile() as file:
        file.write(_BYTES)
        file.flush()
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < LEAST_ROOM_BYTES:
        need = _size(LEAST_ROOM_BYTES)
        raise SetupError(f"{folder} has only {_size(free)} free: make room for {need}, or set TMPDIR.")
    return f"{folder} can be written to, {_size(free)} free"


def _descriptors(_: Settings) -> str:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed != resource.RLIM_INFINITY and allowed < LEAST_DESCRIPTORS:
        raise SetupError(
            f"Only {allowed:,} files and connections may be open: allow {LEAST_DESCRIPTORS:,} (ulimit -n, LimitNOFILE)."
        )
    return f"{allowed:,} files and connections may be open"


def _postgres(patient: Patient) -> str:
    with database_errors(), patient.resources.engine.connect() as connection:
        version = str(connection.scalar(text("SELECT current_setting('server_version')")))
    if int(version.partition(".")[0]) < LOWEST_POSTGRES:
        raise SetupError(f"PostgreSQL {version} is older than {LOWEST_POSTGRES}: upgrade it.")
    return f"PostgreSQL {version} at {_place(patient.where.database_url)}"


def _migrations(patient: Patient) -> str:
    with database_errors():
        if "postgres" in patient.where.embedded:  # as every command does
            migrate(patient.resources.engine)
        with patient.resources.engine.connect() as connection:
            require_migrated(connection)
            return f"at revision {current_revision(connection)}"


def _postgres_clock(patient: Patient) -> str:
    with database_errors(), patient.resources.engine.connect() as connection:
        return _near(connection.scalar(text("SELECT clock_timestamp()")), "Postgres")


def _redis(patient: Patient) -> str:
    with redis_errors():
        found = patient.resources.redis.info()
    name = "Valkey" if "valkey_version" in found else "Redis"
    version = found[f"{name.lower()}_version"]
    if name == "Redis" and tuple(map(int, version.split(".")[:2])) < LOWEST_REDIS:
        raise SetupError(f"Redis {version} is older than {'.'.join(map(str, LOWEST_REDIS))}: upgrade it.")
    if found.get("maxmemory") and found.get("maxmemory_policy") != "noeviction":
        raise SetupError(
            f"Redis may evict data: set maxmemory-policy noeviction, which is {found.get('maxmemory_policy')}."
        )
    return f"{name} {version} at {_place(patient.where.redis_url)}"


def _s3(patient: Patient) -> str:
    store = patient.resources.object_store
    try:
        store.ping()
    except ObjectStoreUnavailable as error:
        if type(error) is not ObjectStoreUnavailable:
            raise
        with _passing_object(patient):  # only the answer to a request with a body says what is wrong
            raise
    return f"bucket {store.bucket} at {_place(patient.where.s3_endpoint_url)}"


def _s3_clock(patient: Patient) -> str:
    return _near(patient.resources.object_store.clock(), "the object store")


def _rights(patient: Patient) -> str:
    store = patient.resources.object_store
    with _passing_object(patient) as key:
        if store.get_bytes(key) != _BYTES:
            raise SetupError(f"The object store returned bytes for {key} that differ from those stored.")
        multipart_id = store.begin_parts(key, media_type=_MEDIA_TYPE)
        try:
            etag = store.put_part(_BYTES, key, multipart_id, number=1)
            store.complete_parts(key, multipart_id, [etag])
        except OpenhoursError:
            with suppress(OpenhoursError):
                store.abort_parts(key, multipart_id)
            raise
    if store.size(key) is not None:
        raise SetupError(
            f"The object store still has {key} after it was deleted: remove it, and grant the right to delete."
        )
    return "put, get, multipart upload and delete are allowed"


def _link(patient: Patient) -> str:
    with _passing_object(patient) as key:
        link = patient.resources.object_store.link(key, media_type=_MEDIA_TYPE, seconds=60)
        try:
            response = httpx2.get(link, timeout=LINK_SECONDS)
        except httpx2.HTTPError as error:
            raise SetupError(f"A link to {_place(link)} cannot be opened here ({error}): {_LINK_ADVICE}") from error
    if response.status_code != 200 or response.content != _BYTES:
        raise SetupError(f"A link to {_place(link)} is answered with {response.status_code}: {_LINK_ADVICE}")
    return f"a link to {_place(link)} gives the file"


_LINK_ADVICE: Final = "correct OPENHOURS_S3_PUBLIC_URL, where users reach the endpoint, or the proxy there."


@contextmanager
def _passing_object(patient: Patient) -> Iterator[str]:
    """The key of an object that lies where unfinished uploads do, which the janitor removes if we are killed."""
    store, key = patient.resources.object_store, f"uploads/doctor-{uuid.uuid4().hex}/1-1"
    store.put_bytes(_BYTES, key, media_type=_MEDIA_TYPE)
    try:
        yield key
    finally:
        store.remove([key])


def _near(clock: datetime | None, whose: str) -> str:
    apart = ((clock or datetime.now(UTC)) - datetime.now(UTC)).total_seconds()
    if abs(apart) > MOST_SKEW_SECONDS:
        raise ClockSkewed(f"The clock of {whose} is {apart:+,.0f} s from that of this machine: set both by NTP.")
    return f"less than {max(1, round(abs(apart)) + 1)} s apart"


def _place(address: str) -> str:
    """The host, port and path of an address: no user, no password, no signature."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "the socket"
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}{parts.path if parts.scheme.startswith(('postgres', 'redis')) else ''}"


def _size(number: int) -> str:
    return f"{number / (1 << 30):,.1f} GiB"


def _mail_server(settings: Settings) -> str:
    means = means_of(settings)
    if means.server is None or means.sender is None:
        raise SetupError("OPENHOURS_SMTP_URL is not set.")
    if wrong := smtp.reach(means.server, sender=means.sender, timeout_seconds=MAIL_SECONDS):
        raise SetupError(wrong)
    login = "" if means.server.user is None else " and accepts the login"
    security = {smtp.Security.NONE: "no encryption"}.get(means.server.security, means.server.security.upper())
    return f"{means.server.host}:{means.server.port} answers with {security}{login}"


#: In the order in which they are told: what everything else needs comes first.
MACHINE: Final[Mapping[str, Callable[[Settings], str]]] = {
    "temporary folder": _temporary_folder,
    "descriptors": _descriptors,
}
MAIL: Final[Mapping[str, Callable[[Settings], str]]] = {"mail server": _mail_server}
SERVERS: Final[Mapping[str, Callable[[Patient], str]]] = {
    "postgres": _postgres,
    "migrations": _migrations,
    "clock of postgres": _postgres_clock,
    "redis": _redis,
    "s3": _s3,
    "clock of s3": _s3_clock,
    "bucket rights": _rights,
    "presigned link": _link,
}

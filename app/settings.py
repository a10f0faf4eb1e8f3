"""Every setting, typed, with its default and meaning; read once, from ``OPENHOURS_*`` and the usual AWS variables."""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import SplitResult
from zoneinfo import available_timezones

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.addresses.parts import like, parts_of

#: Schemes of the address of each server.
SCHEMES: Final = {
    "database_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss"),
    "s3_endpoint_url": ("https", "http"),
    "s3_public_url": ("https", "http"),
    "public_url": ("https", "http"),
    "oidc_issuer": ("https", "http"),
    "dask_scheduler": ("tls", "tcp"),
}

#: A good address of each server, for who has written one that is not.
EXAMPLES: Final = {
    "database_url": "postgresql://user:password@db.example:5432/openhours",
    "redis_url": "redis://:password@redis.example:6379/0",
    "s3_endpoint_url": "https://s3.example:9000",
    "s3_public_url": "https://s3.example:9000",
    "public_url": "https://openhours.example",
    "oidc_issuer": "https://login.example",
    "dask_scheduler": "tls://scheduler.example:8786",
}

#: Those that may have no host: Postgres is reached over a socket, then, and Redis on this machine.
_MAY_HAVE_NO_HOST: Final = ("database_url", "redis_url")

#: Path of an address of Redis: the number of a database.
_REDIS_PATH: Final = re.compile(r"/?|/[0-9]+/?")

#: How the names of variables begin that hold tokens of sources; they are no settings.
TOKEN_VARIABLES: Final = "OPENHOURS_TOKEN_"  # noqa: S105 - not one itself

#: A number as people write it; there is a copy for all that is not a setting in app/wording, which is above this.
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WHOLE: Final = re.compile(r"-?[0-9]+")

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_WINDOW: Final = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? ([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")

#: A weekday, 0 = Monday, and start and end, local, in microseconds after midnight.
WeeklyWindow = tuple[int, int, int]


def weekly_windows(text: str) -> tuple[WeeklyWindow, ...]:
    """Windows such as ``Mon-Fri 09:00-17:00, Sat 10:00-12:00``; an end at or before the start is on the next day.

    Raises:
        ValueError: the text is not a list of such windows.
    """
    windows: list[WeeklyWindow] = []
    for part in text.split(","):
        found = _WINDOW.fullmatch(part.strip())
        days = [found[1], found[2] or found[1]] if found else []
        opens, closes = (60 * int(found[at]) + int(found[at + 1]) for at in (3, 5)) if found else (0, 0)
        minutes_are_wrong = found is None or max(found[4], found[6]) > "59"
        if minutes_are_wrong or not {*days} <= {*_DAYS} or opens >= 24 * 60 or closes > 24 * 60:
            raise ValueError(f"{part.strip()!r} is not a weekly time window such as Mon-Fri 09:00-17:00")
        first, last = map(_DAYS.index, days)
        every = [(first + day) % 7 for day in range((last - first) % 7 + 1)]
        windows += [(day, opens * 60_000_000, closes * 60_000_000) for day in every]
    return tuple(windows)


def _user_home() -> Path:
    """Where the data of this user lies, such as ``/home/ada/.local/share/openhours``; with a ``~`` without a home."""
    try:
        return user_data_path("openhours")
    except RuntimeError:
        return Path("~/.local/share/openhours")


#: Minimum and maximum share of a process's slots for each class of jobs, 0 … 1. Half is reserved for reports, because
#: people wait for them; nothing else may use more than half. Small loads are as short as reports, and may use what is
#: reserved for those.
SLOT_SHARES: Final = {
    "report": (0.5, 1.0),
    "load": (0.0, 0.5),
    "small_load": (0.0, 0.25),
    "sync": (0.0, 0.25),
    "delivery": (0.0, 0.25),
    "maintenance": (0.0, 0.25),
}

_SHARE: Final = re.compile(r"([a-z_]+) ([01](?:\.[0-9]+)?)-([01](?:\.[0-9]+)?)")


def slot_shares(text: str) -> dict[str, tuple[float, float]]:
    """Shares such as ``report 0.5-1, load 0-0.5``; a class that is not named keeps its default.

    Raises:
        ValueError: the text is not a list of shares, or the minimum shares add up to more than 1.
    """
    shares = dict(SLOT_SHARES)
    for part in filter(None, map(str.strip, text.split(","))):
        found = _SHARE.fullmatch(part)
        if found is None or found[1] not in SLOT_SHARES:
            raise ValueError(f"{part!r} is not a share such as load 0-0.5; known classes: {', '.join(SLOT_SHARES)}")
        least, most = float(found[2]), float(found[3])
        if not least <= most <= 1:
            raise ValueError(f"{part!r}: shares must be from 0 to 1, the minimum first")
        shares[found[1]] = (least, most)
    if sum(least for least, _ in shares.values()) > 1:
        raise ValueError("the minimum shares of all classes add up to more than 1")
    return shares


#: Settings that are a file for TLS between the processes of a cluster.
TLS_FILES: Final = ("dask_tls_ca_file", "dask_tls_cert_file", "dask_tls_key_file")

_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?")

#: What browsers send as Origin.
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?|https?://\[[0-9a-f:]+\](?::[0-9]+)?")


#: A name of a header that all proxies pass on.
_HEADER: Final = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")

#: Roles from the least to the most.
ROLES: Final = ("viewer", "operator", "admin")


def group_roles(text: str | None) -> dict[str, str]:
    """Roles of groups, such as ``ops=operator,openhours-admins=admin``: each group with its role.

    Raises:
        ValueError: the text is not a list of such pairs.
    """
    roles: dict[str, str] = {}
    for part in listed(text):
        group, equals, role = (one.strip() for one in part.rpartition("="))
        if not equals or not group or role not in ROLES:
            raise ValueError(f"{part!r} is not a group and its role such as ops=operator; roles: {', '.join(ROLES)}")
        roles[group] = role
    return roles


def listed(text: str | None) -> list[str]:
    """The parts of a list with commas."""
    return [part for part in map(str.strip, (text or "").split(",")) if part]


def _require_usable(name: str, parts: SplitResult) -> None:
    """Refuse an address of which a part would count for nothing, or with which no link would ever work."""
    if name != "database_url" and "," in (parts.hostname or ""):
        raise ValueError(f"has several hosts. {like(EXAMPLES[name])}")
    if name == "redis_url" and not _REDIS_PATH.fullmatch(parts.path):
        raise ValueError(f"has a path that is not the number of a database. {like(EXAMPLES[name])}")
    # A signature covers host and path.
    if name == "s3_public_url" and (parts.path.strip("/") or parts.query or parts.username):
        raise ValueError(
            "is more than a scheme, a host and a port: links are signed for the paths of the endpoint itself, and a "
            "proxy that serves it below a path would break them"
        )


class Settings(BaseSettings):
    """The settings of one process. A server whose address is unset is started from a wheel (see app/embedded)."""

    model_config = SettingsConfigDict(env_prefix="OPENHOURS_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(
        default_factory=_user_home,
        validate_default=True,
        description="Folder of the embedded servers, with their data, logs and generated keys.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="Address of your PostgreSQL: `postgresql://user:password@host:port/database`. Unset: embedded.",
    )
    redis_url: SecretStr | None = Field(
        None,
        description="Address of your Redis (6.2 or later) or Valkey: `redis://…` or `rediss://…`. Unset: embedded.",
    )
    s3_endpoint_url: str | None = Field(
        None,
        description="Address of your S3 endpoint: `https://…`. Unset: embedded. Credentials: the usual AWS variables.",
    )
    s3_public_url: str | None = Field(
        None, description="Address at which users reach the S3 endpoint, if it differs; links are signed for it."
    )
    s3_bucket: str = Field(
        "openhours",
        min_length=3,
        description="Bucket for results (`reports/`), raw files (`raw/`) and unfinished uploads "
        "(`uploads/`). No other installation may use it.",
    )
    s3_region: str = Field(
        "us-east-1",
        validation_alias=AliasChoices("OPENHOURS_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="Region for signing requests; `AWS_REGION` works, too.",
    )
    auth: Literal["on", "off", "proxy"] | None = Field(
        None,
        description="Who has access. `on`: users and keys. `proxy`: a trusted proxy names the user. `off`: anyone, on "
        "loopback only. Unset: `off` if the service listens on loopback, otherwise `on`.",
    )
    proxy_user_header: str = Field(
        "X-Forwarded-User",
        description="Header in which a trusted proxy names the user, with `OPENHOURS_AUTH=proxy`. The proxy must "
        "remove it from what clients send.",
    )
    proxy_groups_header: str | None = Field(
        None,
        description="Header in which a trusted proxy names the groups of the user, separated by commas; then "
        "`OPENHOURS_PROXY_ROLES` decides what they may do. Unset: the user must be one that was added here.",
    )
    proxy_roles: str | None = Field(
        None,
        description="Roles of groups, such as `ops=operator,openhours-admins=admin`: the highest one counts.",
    )
    metrics: Literal["open"] | None = Field(
        None,
        description="`open`: `/metrics` needs no key, for networks in which only Prometheus reaches the service. "
        "Unset: it needs the scope `metrics:read`, except in local mode.",
    )
    public_url: str | None = Field(
        None,
        description="Address at which users reach the service, such as `https://openhours.example`: for links that it "
        "makes, and because sessions need https unless it is loopback.",
    )
    api_key: SecretStr | None = Field(
        None,
        description="Key, `oh_…`, that commands with `--server` and the client library send. Unset: the one that "
        "`openhours login` has stored for the address. Servers do not read it.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Secret key of the installation, 32 random characters or more, the same for all replicas: second "
        "factors and secrets of webhooks are derived from it, and tokens of sources are encrypted under it. A list "
        "with commas: the first is for what is new. Unset: made once, if Postgres is embedded.",
    )
    secrets_folder: Path | None = Field(
        None,
        description="Folder of files with tokens of sources, such as `/run/secrets/openhours`; a source names one "
        "of them as `file:NAME`. Unset: none can be named.",
    )
    setup_code: SecretStr | None = Field(
        None,
        min_length=32,
        description="Code for making the first administrator at `/setup`, 32 random characters or more; for "
        "unattended set-ups. Unset: the one that `openhours migrate` prints.",
    )
    keys_may_last: bool = Field(False, description="Whether keys that never expire are allowed.")
    second_factor_roles: str | None = Field(
        None,
        description="Roles whose users must have a second factor to log in by password, such as `admin`, separated by "
        "commas. Unset: none must.",
    )
    founding_logins: Literal["on", "off"] | None = Field(
        None,
        description="Whether the routes for clients of the founding systems are enabled: `/api/v1/auth/token` and "
        "`/api/login`, which issue tokens for a password, `/api/process_file`, and `/api/v1/samples` with uploads that "
        "have only an `upload_id`. Unset: in local mode only, where nothing checks the tokens.",
    )
    oidc_issuer: str | None = Field(
        None,
        description="Issuer of single sign-on (OpenID Connect), such as `https://login.example`; needs "
        "`openhours[oidc]`. Unset: none.",
    )
    oidc_client_id: str | None = Field(None, description="Client id of this service at the issuer.")
    oidc_client_secret: SecretStr | None = Field(None, description="Client secret of this service at the issuer.")
    oidc_roles: str | None = Field(
        None,
        description="The role of each group of the issuer, such as `ops=operator,openhours-admins=admin`; users in "
        "none of these groups may not log in. Roles are assigned at each login.",
    )
    oidc_groups_claim: str = Field("groups", description="Claim of the ID token that lists the groups of a user.")
    oidc_scopes: str = Field(
        "openid profile email",
        description="Scopes requested from the issuer; some issuers need `groups` to return groups.",
    )
    host: str = Field("127.0.0.1", description="Address on which `serve` listens.")
    port: int = Field(8000, ge=0, le=65535, description="Port on which `serve` listens; 0 picks a free one.")
    root_path: str | None = Field(
        None,
        description="Path below which a proxy serves the API, such as `/openhours`, whether or not the proxy strips "
        "it.",
    )
    trusted_proxies: str | None = Field(
        None,
        description="Addresses and networks of proxies, separated by commas, whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` count; `*` for all. Unset: none.",
    )
    cors_origins: str | None = Field(
        None,
        description="Origins of web pages that may use the API in a browser, such as `https://app.example`, separated "
        "by commas; `*` for all. Unset: none.",
    )
    health_port: int = Field(
        8001, ge=0, le=65535, description="Port on which `worker` answers probes and metrics; 0 picks a free one."
    )
    drain_seconds: float = Field(
        5,
        ge=0,
        le=15,
        description="How long the API keeps answering after SIGTERM while `/readyz` returns 503, so that load "
        "balancers stop sending, seconds.",
    )
    slots: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=0,
        description="Slots: reports and dataset loads that a process runs at the same time.",
    )
    slot_shares: str = Field(
        "report 0.5-1, load 0-0.5, small_load 0-0.25, sync 0-0.25, delivery 0-0.25, maintenance 0-0.25",
        description="Minimum and maximum share, 0 to 1, of a process's slots for each class of jobs. The minimum is "
        "reserved for the class, rounded down; the maximum is at least one slot.",
    )
    default_timezone: str = Field("America/Chicago", description="Time zone of an entity that has none of its own.")
    team_hours: str = Field(
        "Mon-Fri 09:00-17:00",
        description="Working hours of a team that has none of its own, as weekdays and local times: "
        "`Mon-Thu 09:00-17:00, Fri 09:00-13:00`.",
    )
    bot_logins: str = Field(
        "",
        description="Logins of bots that their names do not show to be bots, separated by commas; "
        "reports on pull requests leave out what bots wrote: `ci-account,sync-user`.",
    )
    incident_labels: str = Field(
        "",
        description="Labels of issues that are incidents, separated by commas: `incident, outage`. Empty: there is no "
        "convention, and metrics that need one are not shown.",
    )
    incident_hours: float = Field(
        24,
        gt=0,
        le=8760,
        description="Hours after a deployment within which an incident, a rollback or a revert means that it failed.",
    )
    spare_processes: int = Field(
        1,
        ge=0,
        le=64,
        description="Processes that are started ahead of their jobs, which then begin sooner; at most one for each "
        "slot. Each holds as many connections to Postgres as a report, and one to S3.",
    )
    read_connections: int = Field(
        2, ge=1, le=16, description="Parallel connections on which a report reads its series."
    )
    report_time_limit_seconds: float = Field(
        3600, gt=0, description="Time limit of a report or dataset load, seconds; a longer one is stopped."
    )
    report_memory_limit_mb: int = Field(
        2048,
        ge=256,
        description="Memory limit of a report or dataset load, MiB; one that needs more fails.",
    )
    sync_seconds: float = Field(
        300,
        gt=0,
        description="Time limit of a sync of a source, seconds; after it the sync commits what it has, and another one "
        "continues. Less than `OPENHOURS_REPORT_TIME_LIMIT_SECONDS`.",
    )
    sync_requests: int = Field(
        2000, ge=10, description="Requests that one sync makes; then it commits what it has, and another one continues."
    )
    sync_records: int = Field(
        20000, ge=1, description="Records that one sync reads; then it commits what it has, and another one continues."
    )
    dask_tls_ca_file: Path | None = Field(
        None,
        description="File with the certificate of the authority that signs the certificates of scheduler, workers and "
        "clients, PEM; for `tls://`.",
    )
    dask_tls_cert_file: Path | None = Field(
        None, description="File with this process's certificate, signed by that authority, PEM; for `tls://`."
    )
    dask_tls_key_file: Path | None = Field(
        None, description="File with the private key of that certificate, PEM; for `tls://`."
    )
    dask_scheduler: str | None = Field(
        None,
        description="Address of the scheduler of a Dask cluster whose workers compute parts of large jobs: "
        "`tls://host:8786`, or `tcp://…` if nobody else can reach it; needs `openhours[cluster]`. Unset: each job "
        "computes them itself.",
    )
    dask_timeout_seconds: float = Field(
        60,
        ge=1,
        le=3600,
        description="How long a job waits for a scheduler that does not answer, and for a worker of its version when "
        "there is none, seconds; then it fails temporarily, and is retried.",
    )
    link_ttl_seconds: int | None = Field(
        None,
        ge=1,
        le=604800,
        description="Lifetime of a presigned link, seconds; it never outlives the credentials that signed it. Unset: "
        "an hour in local mode, otherwise five minutes.",
    )
    downloads: Literal["links", "through"] = Field(
        "links",
        description="What polls return for each file. `links`: a presigned link to S3. `through`: its address at this "
        "service, which streams it, if users must not reach S3; set `OPENHOURS_PUBLIC_URL`, too.",
    )
    max_outstanding: int = Field(
        10_000,
        ge=1,
        description="Number of queued and running reports at which new reports are refused with 429.",
    )
    max_outstanding_uploads: int = Field(
        10_000,
        ge=1,
        description="Number of queued and running dataset loads at which new uploads and reloads are refused with 429.",
    )
    max_list_items: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        description="Most items of a list in a report's parameters, such as `stores`; repeats do not count.",
    )
    retention_days: int = Field(
        30,
        ge=1,
        le=36500,
        description="Retention of reports, days since the trigger; older ones are removed with their files.",
    )
    poll_retention_days: int | None = Field(
        None,
        ge=1,
        description="Retention of polls, days: whole weeks, Monday to Sunday in UTC, that ended longer ago are "
        "dropped. Unset: kept for ever.",
    )
    seal_after_days: int | None = Field(
        30,
        ge=1,
        description="Days after which a week of polls is sealed: its polls are moved from Postgres to S3 once the "
        "week ended, and the last load changed it, longer ago than that. `never`: no week is sealed.",
    )
    audit_days: int = Field(400, ge=1, le=36500, description="Retention of the audit, days; older rows are removed.")
    webhook_allow: str | None = Field(
        None,
        description="Receivers of webhooks inside your network, separated by commas: networks such as `10.1.0.0/16`, "
        "names such as `hooks.internal` and `*.internal`. `http` is allowed there, too. Unset: only https to public "
        "addresses.",
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Your mail server: `smtps://user:password@host:465`, or `smtp://…:587` for STARTTLS. Unset: no "
        "mail is sent.",
    )
    mail_from: str | None = Field(
        None, description="Address that mails come from, such as `openhours@example.com`; needed to send any."
    )
    mail_domains: str = Field(
        "",
        description="Domains that may get mail, separated by commas: `example.com, *.example.org`. Empty: none, so "
        "that nobody mails reports to strangers.",
    )
    mail_attachment_bytes: int = Field(
        5 << 20,
        ge=0,
        le=50 << 20,
        description="Largest total size of the attachments of a mail, bytes; files that do not fit are only named.",
    )
    delivery_days: int = Field(
        30, ge=1, le=36500, description="Retention of events and their deliveries, days; older ones are removed."
    )
    max_upload_bytes: int = Field(
        10 << 30, ge=1, description="Largest file that may be uploaded, bytes; a larger one is refused with 413."
    )
    max_client_upload_bytes: int | None = Field(
        None,
        ge=1,
        description="Bytes of all uploads of one client address that have begun and are not loaded yet; a new upload "
        "beyond it is refused with 429. At least `OPENHOURS_MAX_UPLOAD_BYTES`. Unset: four times as much as that.",
    )
    upload_ttl_hours: int = Field(
        24, ge=1, le=8760, description="Lifetime of an idle upload, hours since its last bytes; then it is removed."
    )
    max_row_bytes: int = Field(
        1 << 20,
        ge=1024,
        le=16 << 20,
        description="Longest row in a file, bytes; a file with a longer row is rejected.",
    )
    max_unpacked_bytes: int = Field(
        64 << 30,
        ge=1 << 20,
        description="Largest file that is loaded, bytes after unpacking; a larger one is rejected.",
    )
    max_single_file_bytes: int = Field(
        128 << 20,
        ge=1 << 10,
        description="Largest output file of `/api/process_file`, bytes; there are as many as are needed.",
    )
    access_log: bool = Field(
        True, description="Whether each HTTP request is logged, at level `info`; probes and metrics only if they fail."
    )
    max_unpack_ratio: int = Field(
        100,
        ge=2,
        description="How many times its size a gzip file, or the text in a Parquet file, may unpack to; one that "
        "unpacks to more is rejected. Logs unpack to 5 to 30 times.",
    )
    unpack_floor_bytes: int = Field(
        64 << 20, ge=0, description="Bytes up to which any such file may unpack, whatever the ratio."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="Lowest level logged: `debug`, `info`, `warning` or `error`. "
        "Unset, commands other than servers log from `warning`.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _in_digits(cls, value: object, info: ValidationInfo) -> object:
        """Refuse what would be taken for another number than it looks like, such as 1_0, 1e3 or nan."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        kinds = {annotation, *get_args(annotation)}
        if (
            isinstance(value, str)
            and kinds & {int, float}
            and str not in kinds
            and not (_NUMBER if float in kinds else _WHOLE).fullmatch(value)
        ):
            raise PydanticCustomError("number", "is not a number in digits")
        return value

    @field_validator("home")
    @classmethod
    def _of_somebody(cls, home: Path) -> Path:
        try:
            return home.expanduser()
        except RuntimeError as exc:
            raise ValueError(f"{home} is in an unknown home folder; give the full path of a folder") from exc

    @field_validator(
        "database_url", "redis_url", "s3_endpoint_url", "s3_public_url", "public_url", "oidc_issuer", "dask_scheduler"
    )
    @classmethod
    def _is_an_address(cls, address: SecretStr | str | None, info: ValidationInfo) -> SecretStr | str | None:
        if address is not None:
            text = address.get_secret_value() if isinstance(address, SecretStr) else address
            name = str(info.field_name)
            needs_host = name not in _MAY_HAVE_NO_HOST
            parts = parts_of(text, schemes=SCHEMES[name], example=EXAMPLES[name], needs_host=needs_host)
            if not (parts.netloc or parts.path):
                raise ValueError(f"has nothing after its ://. {like(EXAMPLES[name])}")
            _require_usable(name, parts)
        return address

    @field_validator("seal_after_days", mode="before")
    @classmethod
    def _or_never(cls, days: object) -> object:
        return None if days == "never" else days

    @field_validator(*TLS_FILES)
    @classmethod
    def _can_be_read(cls, path: Path | None) -> Path | None:
        if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
            raise ValueError(f"{path} is not a file that this process can read")
        return path

    @field_validator("dask_scheduler")
    @classmethod
    def _has_its_files(cls, address: str | None, info: ValidationInfo) -> str | None:
        """The files come first, so that they are known here; one that was refused is told of already."""
        missing = [name for name in TLS_FILES if info.data.get(name, "") is None]
        if address and address.startswith("tls://") and missing:
            raise ValueError(
                f"is tls://, which needs {', '.join(f'OPENHOURS_{name.upper()}' for name in missing)}, too"
            )
        return address

    @field_validator("root_path")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        if path and path.strip("/") and not _PATH.fullmatch(path):
            raise ValueError("is not a path such as /openhours, of letters, digits and ._~-")
        return path and path.rstrip("/")

    @field_validator("secret_key")
    @classmethod
    def _are_long(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None and any(len(key) < 32 for key in listed(keys.get_secret_value())):
            raise ValueError("has a key of less than 32 characters")
        return keys

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str | None) -> str | None:
        for one in listed(text):
            if one != "*":
                try:
                    ip_network(one)
                except ValueError as exc:
                    raise ValueError(f"{one!r} is not an address or network such as 10.0.0.0/8, nor *") from exc
        return text

    @field_validator("proxy_user_header", "proxy_groups_header")
    @classmethod
    def _is_a_header(cls, name: str | None) -> str | None:
        if name is not None and not _HEADER.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header such as X-Forwarded-User; an underscore is none")
        return name

    @field_validator("proxy_roles")
    @classmethod
    def _are_roles(cls, text: str | None) -> str | None:
        group_roles(text)
        return text

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, text: str | None) -> str | None:
        for one in listed(text):
            if one != "*" and not _ORIGIN.fullmatch(one):
                raise ValueError(f"{one!r} is not an origin such as https://app.example, without a path, nor *")
        return text

    @field_validator("max_client_upload_bytes")
    @classmethod
    def _has_room_for_one(cls, most: int | None, info: ValidationInfo) -> int | None:
        largest = info.data.get("max_upload_bytes")
        if most is not None and largest is not None and most < largest:
            raise ValueError(f"is less than the {largest} bytes that one file may have (OPENHOURS_MAX_UPLOAD_BYTES)")
        return most

    @field_validator("team_hours")
    @classmethod
    def _weekly(cls, text: str) -> str:
        weekly_windows(text)
        return text

    @field_validator("slot_shares")
    @classmethod
    def _shared(cls, text: str) -> str:
        slot_shares(text)
        return text

    @property
    def shares(self) -> dict[str, tuple[float, float]]:
        """The least and the most of a process's slots for each class of jobs."""
        return slot_shares(self.slot_shares)

    @property
    def client_upload_bytes(self) -> int:
        """Bytes of all uploads of one client address that have begun and are not loaded yet, at most."""
        return self.max_client_upload_bytes or 4 * self.max_upload_bytes

    @property
    def bots(self) -> frozenset[str]:
        """Logins of authors that are bots, beside those that say so."""
        return frozenset(listed(self.bot_logins))

    @property
    def labels_of_incidents(self) -> tuple[str, ...]:
        """Labels of issues that are incidents; none: there is no convention."""
        return tuple(listed(self.incident_labels))

    @property
    def team_windows(self) -> tuple[WeeklyWindow, ...]:
        """Working hours of a team that has none."""
        return weekly_windows(self.team_hours)

    @field_validator("default_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is not a zone of the IANA time zone database, such as America/Chicago")
        return name

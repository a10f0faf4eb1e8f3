"""Every setting, typed, with its default and meaning; read once, from ``OPENHOURS_*`` and the usual AWS variables."""

import os
import re
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

#: How the address of each server begins.
SCHEMES: Final = {
    "database_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss"),
    "s3_endpoint_url": ("https", "http"),
    "s3_public_url": ("https", "http"),
}


_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_WINDOW: Final = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? ([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")

#: A weekday, 0 = Monday, and from when to when, local, in microseconds after midnight.
WeeklyWindow = tuple[int, int, int]


def weekly_windows(text: str) -> tuple[WeeklyWindow, ...]:
    """Windows such as ``Mon-Fri 09:00-17:00, Sat 10:00-12:00``; an end at or before the start is on the next day.

    Raises:
        ValueError: it is none such.
    """
    windows: list[WeeklyWindow] = []
    for part in text.split(","):
        found = _WINDOW.fullmatch(part.strip())
        days = [found[1], found[2] or found[1]] if found else []
        opens, closes = (60 * int(found[at]) + int(found[at + 1]) for at in (3, 5)) if found else (0, 0)
        minutes_are_wrong = found is None or max(found[4], found[6]) > "59"
        if minutes_are_wrong or not {*days} <= {*_DAYS} or opens >= 24 * 60 or closes > 24 * 60:
            raise ValueError(f"{part.strip()!r} is not a time of the week such as Mon-Fri 09:00-17:00")
        first, last = map(_DAYS.index, days)
        every = [(first + day) % 7 for day in range((last - first) % 7 + 1)]
        windows += [(day, opens * 60_000_000, closes * 60_000_000) for day in every]
    return tuple(windows)


#: For each class of jobs the least and the most of a process's slots, 0 … 1. Reports keep half of the slots, because
#: people wait for them; nothing else may use more than half.
SLOT_SHARES: Final = {
    "report": (0.5, 1.0),
    "load": (0.0, 0.5),
    "sync": (0.0, 0.25),
    "delivery": (0.0, 0.25),
    "maintenance": (0.0, 0.25),
}

_SHARE: Final = re.compile(r"([a-z]+) ([01](?:\.[0-9]+)?)-([01](?:\.[0-9]+)?)")


def slot_shares(text: str) -> dict[str, tuple[float, float]]:
    """Shares such as ``report 0.5-1, load 0-0.5``; a class that is not named keeps its default.

    Raises:
        ValueError: it is none such, or the least shares are more than all slots.
    """
    shares = dict(SLOT_SHARES)
    for part in filter(None, map(str.strip, text.split(","))):
        found = _SHARE.fullmatch(part)
        if found is None or found[1] not in SLOT_SHARES:
            raise ValueError(f"{part!r} is not a share such as load 0-0.5, of {', '.join(SLOT_SHARES)}")
        least, most = float(found[2]), float(found[3])
        if not least <= most <= 1:
            raise ValueError(f"{part!r}: the shares must be from 0 to 1, the least first")
        shares[found[1]] = (least, most)
    if sum(least for least, _ in shares.values()) > 1:
        raise ValueError("the least shares of all classes come to more than 1")
    return shares


class Settings(BaseSettings):
    """The environment of one process. A server whose address is not set is started from a wheel (see embedded.py)."""

    model_config = SettingsConfigDict(env_prefix="OPENHOURS_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(
        Path(".openhours"), description="Folder of the embedded servers: their data, logs and generated keys."
    )
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL to use, as `postgresql://user:password@host:port/database`. Unset: embedded."
    )
    redis_url: SecretStr | None = Field(
        None, description="Redis (6.2 or later) or Valkey to use, as `redis://…` or `rediss://…`. Unset: embedded."
    )
    s3_endpoint_url: str | None = Field(
        None, description="S3 endpoint to use, as `https://…`. Unset: embedded. Credentials: the usual AWS variables."
    )
    s3_public_url: str | None = Field(
        None, description="Where users reach the S3 endpoint, if at another address; links are signed for it."
    )
    s3_bucket: str = Field(
        "openhours",
        min_length=3,
        description="Bucket of the results (`reports/`), of files as they came (`raw/`) and of unfinished uploads "
        "(`uploads/`), which no other installation uses.",
    )
    s3_region: str = Field(
        "us-east-1",
        validation_alias=AliasChoices("OPENHOURS_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="Region that signs the requests; `AWS_REGION` is understood too.",
    )
    host: str = Field("127.0.0.1", description="Address on which `serve` listens.")
    port: int = Field(8000, ge=0, le=65535, description="Port on which `serve` listens; 0 picks a free one.")
    health_port: int = Field(
        8001, ge=0, le=65535, description="Port on which `worker` answers probes and metrics; 0 picks a free one."
    )
    drain_seconds: float = Field(
        5,
        ge=0,
        le=15,
        description="How long the API goes on answering after SIGTERM while `/readyz` says 503, so that load balancers "
        "stop sending, seconds.",
    )
    slots: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=0,
        description="Reports computed and datasets loaded at the same time by a process.",
    )
    slot_shares: str = Field(
        "report 0.5-1, load 0-0.5, sync 0-0.25, delivery 0-0.25, maintenance 0-0.25",
        description="The least and the most of a process's slots that each class of jobs may use, as shares from 0 to "
        "1. The least is kept free for the class, rounded down; the most is always at least one slot.",
    )
    default_timezone: str = Field("America/Chicago", description="Zone of an entity that has none.")
    team_hours: str = Field(
        "Mon-Fri 09:00-17:00",
        description="Working hours of a team that has none, as weekdays and local times: `Mon-Thu 09:00-17:00, Fri "
        "09:00-13:00`.",
    )
    read_connections: int = Field(
        2, ge=1, le=16, description="Connections on which one report reads its series in parallel."
    )
    report_time_limit_seconds: float = Field(
        3600, gt=0, description="A report, or the load of a dataset, that runs longer is stopped, seconds."
    )
    report_memory_limit_mb: int = Field(
        2048,
        ge=256,
        description="Memory that one report, or the load of one dataset, may allocate, MiB; one that wants more fails.",
    )
    link_ttl_seconds: int = Field(
        3600,
        ge=1,
        le=604800,
        description="How long a presigned link works, seconds; never longer than the credentials that signed it.",
    )
    max_outstanding: int = Field(
        10_000,
        ge=1,
        description="Reports and loads of datasets, queued and running, at which further reports are refused with 429.",
    )
    retention_days: int = Field(
        30, ge=1, le=36500, description="Reports that were triggered longer ago are removed with their files, days."
    )
    max_upload_bytes: int = Field(
        10 << 30, ge=1, description="Longest file that may be uploaded, bytes; a longer one is refused with 413."
    )
    upload_ttl_hours: int = Field(
        24, ge=1, le=8760, description="An upload to which nobody sends anything for so long is removed, hours."
    )
    max_row_bytes: int = Field(
        1 << 20,
        ge=1024,
        le=16 << 20,
        description="Longest row of a file that is loaded, bytes; a file with a longer row is rejected.",
    )
    max_unpacked_bytes: int = Field(
        64 << 30, ge=1 << 20, description="Largest file that is loaded, after unpacking if it is gzip, bytes."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="Lowest level logged: `debug`, `info`, `warning` or `error`. "
        "Unset, commands that are no server log from `warning` on.",
    )

    @field_validator("database_url", "redis_url", "s3_endpoint_url", "s3_public_url")
    @classmethod
    def _is_an_address(cls, address: SecretStr | str | None, info: ValidationInfo) -> SecretStr | str | None:
        if address is not None:
            text = address.get_secret_value() if isinstance(address, SecretStr) else address
            schemes = SCHEMES[str(info.field_name)]
            parts = urlsplit(text)
            if parts.scheme not in schemes or not (parts.netloc or parts.path):
                raise ValueError(f"is not an address that begins with {' or '.join(f'{one}://' for one in schemes)}")
        return address

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
    def team_windows(self) -> tuple[WeeklyWindow, ...]:
        """Working hours of a team that has none."""
        return weekly_windows(self.team_hours)

    @field_validator("default_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is not a zone of the IANA time zone database, such as America/Chicago")
        return name

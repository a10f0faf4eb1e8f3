"""Settings that have a spelling of their own."""

import pwd
import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.commands.settings import read_settings
from app.errors import BadSetting
from app.settings import EXAMPLES, SCHEMES, Settings, weekly_windows

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def days(*numbers: int, opens: int = 9 * HOUR, closes: int = 17 * HOUR) -> tuple[tuple[int, int, int], ...]:
    return tuple((number, opens, closes) for number in numbers)


@pytest.mark.parametrize(
    ("hours", "windows"),
    [
        ("Mon-Fri 09:00-17:00", days(0, 1, 2, 3, 4)),
        ("Wed 09:00-17:00", days(2)),
        ("Wed-Wed 09:00-17:00", days(2)),
        ("Mon-Sun 09:00-17:00", days(0, 1, 2, 3, 4, 5, 6)),
        ("Sat-Mon 09:00-17:00", days(5, 6, 0)),
        ("Fri-Thu 09:00-17:00", days(4, 5, 6, 0, 1, 2, 3)),
        ("Sun-Mon 09:00-17:00", days(6, 0)),
        (
            "Mon-Thu 09:00-17:00, Fri 09:00-12:30,Fri 13:00-17:00",
            (*days(0, 1, 2, 3), *days(4, closes=12 * HOUR + 30 * MINUTE), *days(4, opens=13 * HOUR)),
        ),
        ("  Tue 09:00-17:00  ", days(1)),
        ("Sat 22:00-06:00", days(5, opens=22 * HOUR, closes=6 * HOUR)),
        ("Sun 09:00-09:00", days(6, closes=9 * HOUR)),
        ("Sun 00:00-24:00", days(6, opens=0, closes=24 * HOUR)),
        ("Sun 23:59-00:00", days(6, opens=23 * HOUR + 59 * MINUTE, closes=0)),
    ],
)
def test_hours_of_teams_are_weekdays_and_local_times(
    monkeypatch: pytest.MonkeyPatch, hours: str, windows: tuple[tuple[int, int, int], ...]
) -> None:
    monkeypatch.setenv("OPENHOURS_TEAM_HOURS", hours)
    assert Settings().team_windows == weekly_windows(hours) == windows


def test_a_team_works_from_nine_to_five_unless_something_else_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENHOURS_TEAM_HOURS", raising=False)
    assert Settings().team_windows == days(0, 1, 2, 3, 4)
    monkeypatch.setenv("OPENHOURS_TEAM_HOURS", "")
    assert Settings().team_windows == days(0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("hours", "wrong"),
    [
        ("always", "always"),
        ("Mon-Fri", "Mon-Fri"),
        ("Mon-Fri 9:00-17:00", "Mon-Fri 9:00-17:00"),
        ("Mon-Fri 09:00 - 17:00", "Mon-Fri 09:00 - 17:00"),
        ("Mon - Fri 09:00-17:00", "Mon - Fri 09:00-17:00"),
        ("mon-fri 09:00-17:00", "mon-fri 09:00-17:00"),
        ("Monday 09:00-17:00", "Monday 09:00-17:00"),
        ("Mon-Xyz 09:00-17:00", "Mon-Xyz 09:00-17:00"),
        ("Die 09:00-17:00", "Die 09:00-17:00"),
        ("Mon,Tue 09:00-17:00", "Mon"),
        ("Mon 09:00-17:00,", ""),
        (",", ""),
        ("Mon 09:00-17:00; Tue 09:00-17:00", "Mon 09:00-17:00; Tue 09:00-17:00"),
        ("Mon 09:00-17:00, Tue 24:00-10:00", "Tue 24:00-10:00"),
        ("Mon 25:00-26:00", "Mon 25:00-26:00"),
        ("Mon 09:00-24:01", "Mon 09:00-24:01"),
        ("Mon 09:60-17:00", "Mon 09:60-17:00"),
        ("Mon 09:00-17:60", "Mon 09:00-17:60"),
        ("Mon 09:00:00-17:00:00", "Mon 09:00:00-17:00:00"),
        ("Mon ٠٩:00-17:00", "Mon ٠٩:00-17:00"),
    ],
)
def test_what_is_no_time_of_the_week_is_told(monkeypatch: pytest.MonkeyPatch, hours: str, wrong: str) -> None:
    monkeypatch.setenv("OPENHOURS_TEAM_HOURS", hours)
    told = f"{wrong!r} is not a weekly time window such as Mon-Fri 09:00-17:00"
    with pytest.raises(ValidationError, match=re.escape(told)) as caught:
        Settings()
    assert [error["loc"] for error in caught.value.errors()] == [("team_hours",)]


@pytest.mark.parametrize(
    ("variables", "home"),
    [
        ({"HOME": "/home/ada"}, "/home/ada/.local/share/openhours"),
        ({"HOME": "/home/ada", "OPENHOURS_HOME": ""}, "/home/ada/.local/share/openhours"),
        ({"HOME": "/home/ada", "XDG_DATA_HOME": "/data/ada"}, "/data/ada/openhours"),
        ({"HOME": "/home/ada", "OPENHOURS_HOME": "~/hours"}, "/home/ada/hours"),
        ({"HOME": "/home/ada", "OPENHOURS_HOME": ".openhours"}, ".openhours"),
    ],
)
def test_data_lies_in_one_place_per_user_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], home: str
) -> None:
    for name in ("XDG_DATA_HOME", "OPENHOURS_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert Settings().home == Path(home)
    assert list(tmp_path.iterdir()) == []


def test_a_user_without_a_home_folder_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nameless)
    for name in ("HOME", "XDG_DATA_HOME", "OPENHOURS_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValidationError, match=r"~/\.local/share/openhours is in an unknown home folder; give the full"):
        Settings()
    monkeypatch.setenv("OPENHOURS_HOME", "/srv/openhours")
    assert Settings().home == Path("/srv/openhours")


@pytest.mark.parametrize(
    "address",
    [
        "https://s3.example/files",
        "https://s3.example/?a=b",
        "https://s3 .example",
        "https://me@s3.example",
        "https:///x",
    ],
)
def test_a_public_address_of_s3_with_which_no_link_would_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("OPENHOURS_S3_PUBLIC_URL", address)
    with pytest.raises(ValidationError, match="s3_public_url"):
        Settings()


@pytest.mark.parametrize(
    "address", ["https://s3.example", "https://s3.example/", "http://127.0.0.1:9000", "http://[::1]:9"]
)
def test_a_public_address_of_s3_is_scheme_host_and_port(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("OPENHOURS_S3_PUBLIC_URL", address)
    assert Settings().s3_public_url == address


def test_an_endpoint_of_s3_may_have_a_path_and_no_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENHOURS_S3_ENDPOINT_URL", "https://s3.example/storage/v1/s3")
    assert Settings().s3_endpoint_url == "https://s3.example/storage/v1/s3"
    monkeypatch.setenv("OPENHOURS_S3_ENDPOINT_URL", "https://s3.example/a b")
    with pytest.raises(ValidationError, match="has a space"):
        Settings()


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "postgresql://me:a%40b:c@db_1.example:5432/open?sslmode=require"),
        ("DATABASE_URL", "postgres://me@[::1]/open"),
        ("DATABASE_URL", "postgresql:///open?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql://me@one,two:5433/open"),
        ("REDIS_URL", "redis://redis.namespace.svc.cluster.local.:6379/0"),
        ("REDIS_URL", "rediss://me:a%2Fb@redis?db=1"),
        ("REDIS_URL", "redis:///1"),
        ("S3_ENDPOINT_URL", "HTTPS://s3.example:9000/storage"),
        ("PUBLIC_URL", "https://openhours.example/below"),
        ("OIDC_ISSUER", "https://login.example/realms/one"),
        ("DASK_SCHEDULER", "tcp://10.0.0.7:8786"),
    ],
)
def test_an_address_whose_parts_can_be_told_apart_is_taken(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(f"OPENHOURS_{name}", address)
    found = getattr(Settings(), name.lower())
    assert (found.get_secret_value() if isinstance(found, SecretStr) else found) == address


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (":hun/ter2@host:1/0", "has a host or a port that cannot be read"),
        (":12/hunter2@host:1/0", "has an @ that is not the one right before the host"),
        (":12?hunter2@host/0", "has an @ that is not the one right before the host"),
        (":12#hunter2@host/0", "has an @ that is not the one right before the host"),
        ("me:hun@ter2@host/0", "has an @ that is not the one right before the host"),
        ("me:hun[ter2@host/0", "has a host or a port that cannot be read"),
        ("me:hunter2@[::1/0", "has a host or a port that cannot be read"),
        ("me:hunter2@host:hunter2/0", "has a host or a port that cannot be read"),
        ("me:hunter2@host:99999/0", "has a host or a port that cannot be read"),
        ("me:hunter2@host:0/0", "has a fragment or port 0"),
        ("me:hunter2@host/0#hunter2", "has a fragment or port 0"),
        ("me:hunter2@-host/0", "has no host, or one that is neither a name"),
        ("me:hunter2@hünter2/0", "has no host, or one that is neither a name"),
        ("me:hun ter2@host/0", "has a space"),
        ("me:hun\nter2@host/0", "has a space or an invisible character"),
        ("", "has no"),
    ],
)
@pytest.mark.parametrize("name", list(EXAMPLES))
def test_an_address_that_cannot_be_read_is_told_without_a_word_of_its_password(
    monkeypatch: pytest.MonkeyPatch, name: str, rest: str, said: str
) -> None:
    monkeypatch.setenv(f"OPENHOURS_{name.upper()}", f"{SCHEMES[name][0]}://{rest}")
    with pytest.raises(BadSetting) as caught:
        read_settings()
    told = caught.value.message
    assert told.startswith(f"OPENHOURS_{name.upper()}: {said}" if rest else f"OPENHOURS_{name.upper()}: ")
    assert said in told
    assert "has a space" in told or f"It must look like {EXAMPLES[name]}" in told
    assert not re.search("hun|ter2|IPv6|out of range", told)


@pytest.mark.parametrize("path", ["/one", "/0/1", "/-1"])
def test_a_path_of_redis_is_the_number_of_a_database(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("OPENHOURS_REDIS_URL", f"redis://redis{path}")
    with pytest.raises(ValidationError, match="is not the number of a database"):
        Settings()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("ROOT_PATH", ["/", "/a", "/a/b-c.d_e~f/"], ["a", "/a b", "//a", "/a?b", "https://x/a"]),
        ("TRUSTED_PROXIES", ["*", "127.0.0.1", "10.0.0.0/8, ::1"], ["proxy", "10.0.0.1/8", "10.0.0.0/8;::1"]),
        ("CORS_ORIGINS", ["*", "https://a.example, http://127.0.0.1:80"], ["a.example", "https://a.example/", "null"]),
    ],
)
def test_what_stands_before_the_service_is_checked(
    monkeypatch: pytest.MonkeyPatch, name: str, good: list[str], bad: list[str]
) -> None:
    for text in good:
        monkeypatch.setenv(f"OPENHOURS_{name}", text)
        Settings()
    for text in bad:
        monkeypatch.setenv(f"OPENHOURS_{name}", text)
        with pytest.raises(ValidationError, match=name.lower()):
            Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLOTS", "1_0"),
        ("PORT", " 80 "),
        ("PORT", "+80"),
        ("PORT", "80.0"),
        ("SEAL_AFTER_DAYS", "3_0"),
        ("DRAIN_SECONDS", "1e1"),
        ("RETENTION_DAYS", "nan"),
    ],
)
def test_a_number_is_written_in_digits(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"OPENHOURS_{name}", value)
    with pytest.raises(ValidationError, match="is not a number in digits"):
        Settings()


def test_a_number_in_digits_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENHOURS_SEAL_AFTER_DAYS", "never")
    monkeypatch.setenv("OPENHOURS_PORT", "8001")
    settings = Settings()
    assert (settings.seal_after_days, settings.port) == (None, 8001)

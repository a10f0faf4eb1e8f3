"""What is wrong with a server, from what its client says: which of its errors, in words that name no secret.

Postgres and Redis give no code for a connection that fails, and their clients only the words of the operating system or
the server, which are matched here; what none of them matches keeps the general error.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, PartialCredentialsError
from redis import RedisError, ResponseError

from app.errors import (
    BucketMissing,
    ClockSkewed,
    DatabaseFull,
    DatabaseMissing,
    DatabaseReadOnly,
    DatabaseUnavailable,
    DatabaseUnknownHost,
    DatabaseWrongPassword,
    ObjectStoreFull,
    ObjectStoreUnavailable,
    ObjectStoreUnknownHost,
    ObjectStoreWrongKeys,
    OpenhoursError,
    RedisFull,
    RedisMissingDatabase,
    RedisUnavailable,
    RedisUnknownHost,
    RedisWrongPassword,
    SetupError,
)

#: A pattern in the words of a failure, its error, and our words, with what the pattern's groups have found.
Words = tuple[str, type[OpenhoursError], str]

DATABASE: Final[tuple[Words, ...]] = (
    (
        r'could not translate host name "([^"]*)"',
        DatabaseUnknownHost,
        "The host of Postgres, {0}, is not known to the name servers: correct OPENHOURS_DATABASE_URL.",
    ),
    (
        r'authentication failed for user "([^"]*)"|no password supplied|role "([^"]*)" (?:does not exist|is not)',
        DatabaseWrongPassword,
        "Postgres refuses the user {0} with this password: correct them in OPENHOURS_DATABASE_URL.",
    ),
    (
        r'no pg_hba.conf entry for host "([^"]*)", user "([^"]*)", database "([^"]*)"',
        DatabaseUnavailable,
        "Postgres does not let user {1} connect to {2} from {0}: correct OPENHOURS_DATABASE_URL, or its pg_hba.conf.",
    ),
    (
        r'database "([^"]*)" does not exist',
        DatabaseMissing,
        "Postgres has no database {0}: create it (CREATE DATABASE), or correct OPENHOURS_DATABASE_URL.",
    ),
    (
        r'server at "([^"]*)"(?: \([^)]*\))?, port ([0-9]+) failed: Connection refused',
        DatabaseUnavailable,
        "Postgres does not answer: nothing listens on port {1} of {0}. Start it, or correct OPENHOURS_DATABASE_URL.",
    ),
    (
        r"too many clients already|remaining connection slots|too many connections for",
        DatabaseUnavailable,
        "Postgres has as many connections as it takes: raise its max_connections, or run fewer replicas or slots.",
    ),
    (
        r"database system is (?:starting up|shutting down|in recovery mode|not yet accepting)",
        DatabaseUnavailable,
        "Postgres is starting or stopping: try again in a moment.",
    ),
    (
        r"Postgres has not answered for ([0-9]+) seconds",
        DatabaseUnavailable,
        "Postgres has not answered for {0} seconds; try again in a moment.",
    ),
    (
        r"No space left on device",
        DatabaseFull,
        "The disk of Postgres is full: make room there; what has failed is tried again.",
    ),
)

REDIS: Final[tuple[Words, ...]] = (
    (
        r"Error -\d+ connecting to ([^:]*):",
        RedisUnknownHost,
        "The host of Redis, {0}, is not known to the name servers: correct OPENHOURS_REDIS_URL.",
    ),
    (
        r"invalid username-password|WRONGPASS|NOAUTH|[Aa]uthentication required|HELLO must be called|invalid password",
        RedisWrongPassword,
        "Redis refuses the password: correct OPENHOURS_REDIS_URL.",
    ),
    (
        r"DB index is out of range|invalid DB index",
        RedisMissingDatabase,
        "Redis has no database of this number: correct the number at the end of OPENHOURS_REDIS_URL.",
    ),
    (
        r"No space left on device|MISCONF.*(?:AOF|persist)",
        RedisFull,
        "Redis cannot write to its disk, which is probably full: make room there.",
    ),
    (
        r"Error 111 connecting to (.*):([0-9]+)\.",
        RedisUnavailable,
        "Redis does not answer: nothing listens on port {1} of {0}. Start it, or correct OPENHOURS_REDIS_URL.",
    ),
    (
        r"\bOOM\b|used memory > 'maxmemory'",
        RedisUnavailable,
        "Redis has no memory left: raise its maxmemory. Until then jobs are found in Postgres, a little later.",
    ),
    (
        r"READONLY|read only replica",
        RedisUnavailable,
        "Redis takes no writes, as it is a replica: point OPENHOURS_REDIS_URL at the server that takes writes.",
    ),
    (
        r"LOADING|is loading the dataset",
        RedisUnavailable,
        "Redis has just started and still reads its data: wait until it has.",
    ),
    (
        r"NOREPLICAS|good replicas",
        RedisUnavailable,
        "Redis takes no writes, as too few of its replicas answer: start them, or lower its min-replicas-to-write.",
    ),
    (
        r"MASTERDOWN|Link with MASTER is down",
        RedisUnavailable,
        "Redis is a replica that has lost its primary: point OPENHOURS_REDIS_URL at the server that takes writes.",
    ),
    (
        r"MISCONF",
        RedisUnavailable,
        "Redis takes no writes, as it cannot store its data: its log says why.",
    ),
    (
        r"NOPERM|has no permissions",
        RedisUnavailable,
        "Redis does not let this user run a command: give the user of OPENHOURS_REDIS_URL all commands on data.",
    ),
    (
        r"max number of clients",
        RedisUnavailable,
        "Redis has as many connections as it takes: raise its maxclients.",
    ),
)

#: S3 status codes for which a retry does not help: wrong keys, missing bucket, access denied.
_PERMANENT: Final = frozenset({400, 401, 403, 404, 405, 409})

#: Exceptions to these, for which a retry may help: an upload that a restarted server has forgotten,
#: a slow connection, credentials that have just expired, two requests at once, an object not found yet ("404").
_PASSING: Final = frozenset({"NoSuchUpload", "RequestTimeout", "ExpiredToken", "OperationAborted", "404"})

_WRONG_KEYS: Final = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch"})

_FULL: Final = frozenset({"XMinioStorageFull", "InsufficientCapacity"})

#: S3 refuses requests that were signed at another time than its own by more than this, seconds.
SKEW_SECONDS: Final = 900


#: SQLSTATE of a write to a standby, or to a database that is set to be read.
READ_ONLY: Final = "25006"


def database_trouble(error: BaseException | None) -> DatabaseUnavailable:
    """The error for a failure of Postgres that may pass."""
    code = getattr(error, "pgcode", None)
    if code == "53100":
        return DatabaseFull(DATABASE[-1][2])
    if code == READ_ONLY:
        return database_read_only()
    if str(code).startswith("58"):
        return DatabaseUnavailable("Postgres has a failure of its system, such as of its disk: its log says which.")
    found = _matched(DATABASE, str(error))
    return found if isinstance(found, DatabaseUnavailable) else DatabaseUnavailable(_NO_ANSWER.format("Postgres"))


def database_read_only() -> DatabaseReadOnly:
    """The error for a Postgres that can be read and takes no writes."""
    return DatabaseReadOnly(
        "Postgres takes no writes: it is a standby, or is being maintained. What has failed is tried again; point "
        "OPENHOURS_DATABASE_URL at the server that takes writes."
    )


def redis_trouble(error: RedisError) -> RedisUnavailable:
    """The error for a failure of Redis."""
    found = _matched(REDIS, str(error))
    if isinstance(found, RedisUnavailable):
        return found
    if isinstance(error, ResponseError):
        # Only the code that it begins with; of a pipeline, the client's text repeats the command before that.
        code = re.match(r"(?:Command # .* caused error: )?([A-Z]{2,})\b", str(error), re.DOTALL)
        return RedisUnavailable(f"Redis refuses{f' with {code[1]}' if code else ''}: its log may say why.")
    return RedisUnavailable(_NO_ANSWER.format("Redis"))


def object_store_trouble(error: Exception, bucket: str) -> OpenhoursError:
    """The error for a failure of S3 with this bucket: an ObjectStoreUnavailable, or a SetupError without keys."""
    if isinstance(error, ClientError):
        return _answered(error, bucket)
    if isinstance(error, S3UploadFailedError):
        if isinstance(error.__context__, ClientError):  # boto3 wraps the S3 error of an upload
            return _answered(error.__context__, bucket)
        return ObjectStoreUnavailable("The object store did not accept the file; try again in a moment.")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return SetupError(
            "There are no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this process "
            "a role."
        )
    if isinstance(error, EndpointConnectionError):
        return _unreachable(error)
    return ObjectStoreUnavailable(_NO_ANSWER.format("The object store"))


_NO_ANSWER: Final = "{} does not answer; try again in a moment."


def _matched(table: tuple[Words, ...], said: str) -> OpenhoursError | None:
    for pattern, kind, words in table:
        if match := re.search(pattern, said):
            groups = [group for group in match.groups() if group is not None]
            return kind(words.format(*(groups or ["given"])))
    return None


def _unreachable(error: EndpointConnectionError) -> ObjectStoreUnavailable:
    url, cause = error.kwargs.get("endpoint_url", ""), str(error.kwargs.get("error", ""))
    endpoint = re.sub(r"(://[^/]*).*", r"\1", url)
    if "Failed to resolve" in cause or "Name or service not known" in cause:
        return ObjectStoreUnknownHost(
            f"The host of the object store, {endpoint}, is not known to the name servers: correct "
            "OPENHOURS_S3_ENDPOINT_URL."
        )
    return ObjectStoreUnavailable(
        f"The object store does not answer: nothing can be reached at {endpoint}. Start it, or correct "
        "OPENHOURS_S3_ENDPOINT_URL."
    )


def _answered(error: ClientError, bucket: str) -> ObjectStoreUnavailable:
    metadata: Any = error.response.get("ResponseMetadata", {})
    status: int = metadata.get("HTTPStatusCode", 500)
    code = error.response.get("Error", {}).get("Code", "")
    if code == "RequestTimeTooSkewed" or (status == 403 and _skew_seconds(metadata) > SKEW_SECONDS):
        return ClockSkewed(
            "The clock of this machine and that of the object store differ by more than the 15 minutes that S3 allows: "
            "set them by NTP."
        )
    if code in _WRONG_KEYS:
        return ObjectStoreWrongKeys(
            f"The object store answered {status} {code}: it refuses the keys. Correct AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY."
        )
    if code == "NoSuchBucket" or (status == 404 and error.operation_name == "HeadBucket"):
        return BucketMissing(f"The object store has no bucket {bucket!r}: create it, or correct OPENHOURS_S3_BUCKET.")
    if status == 507 or code in _FULL:
        return ObjectStoreFull(f"The object store answered {status} {code}: its disk is full. Make room there.")
    wrong = ObjectStoreUnavailable(f"The object store answered {status} {code}.")
    wrong.retryable = status not in _PERMANENT or code in _PASSING
    return wrong


def _skew_seconds(metadata: Any) -> float:
    """How far the clock of S3 is from ours, seconds; 0 if it does not tell."""
    told = metadata.get("HTTPHeaders", {}).get("date")
    try:
        return abs((parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()) if told else 0.0
    except (TypeError, ValueError):
        return 0.0

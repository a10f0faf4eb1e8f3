"""Presigned links: AWS Signature Version 4 in the query of a GET, with the key of the day derived once.

botocore makes the first link, so that what depends on the endpoint (host, path, region, names) is its choice; the
others are made from that one. botocore would take 0.4 ms for each of them, because it resolves the endpoint and derives
the key anew: a poll of a report with many files would cost a multiple of one with a single file.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from botocore.credentials import ReadOnlyCredentials

#: Name of the object of botocore's link; only its place in the address counts.
_SAMPLE: Final = "sample"

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What all links have in common.

    Attributes:
        base: the link up to the key.
        host: as signed, without a port that is the default.
        path: of the bucket.
        service: <region>/s3/aws4_request.
    """

    base: str
    host: str
    path: str
    service: str


class Presigner:
    """Links to the objects of a bucket.

    Args:
        sample: makes a link to the object of this key with botocore.
    """

    def __init__(self, sample: Callable[[str], str]) -> None:
        self._sample = sample
        self._endpoint: _Endpoint | None = None
        self._derived: tuple[str, str, bytes] | None = None

    def link(
        self, key: str, query: Mapping[str, str], *, credentials: ReadOnlyCredentials, now: datetime, seconds: int
    ) -> str:
        """The link to an object, for ``seconds`` from ``now`` (aware, UTC); ``query`` is what S3 is asked beside it."""
        at = self._endpoint = self._endpoint or _endpoint_of(self._sample(_SAMPLE))
        scope = f"{now:%Y%m%d}/{at.service}"
        # In the order of botocore, so that links read as its own do.
        asked = {
            **query,
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{credentials.access_key}/{scope}",
            "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        if credentials.token is not None:
            asked["X-Amz-Security-Token"] = credentials.token
        pairs = [f"{name}={_quoted(value)}" for name, value in asked.items()]
        name = quote(key, safe="/-._~")
        request = f"GET\n{at.path}{name}\n{'&'.join(sorted(pairs))}\nhost:{at.host}\n\nhost\nUNSIGNED-PAYLOAD"
        to_sign = "\n".join((_ALGORITHM, asked["X-Amz-Date"], scope, hashlib.sha256(request.encode()).hexdigest()))
        signature = _hmac(self._signing_key(str(credentials.secret_key), scope), to_sign).hex()
        return f"{at.base}{name}?{'&'.join(pairs)}&X-Amz-Signature={signature}"

    def _signing_key(self, secret: str, scope: str) -> bytes:
        """The key of the day; threads that derive it at the same time derive the same one."""
        known = self._derived
        if known is None or known[:2] != (secret, scope):
            self._derived = known = (secret, scope, signing_key(secret, scope))
        return known[2]


def signing_key(secret: str, scope: str) -> bytes:
    """The key of a scope, which is <date>/<region>/<service>/aws4_request."""
    derived = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        derived = _hmac(derived, part)
    return derived


@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    """A value of the query; most are those of the link before."""
    return quote(value, safe="-._~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _endpoint_of(link: str) -> _Endpoint:
    parts = urlsplit(link)
    path = parts.path.removesuffix(_SAMPLE)
    _, _, service = parse_qs(parts.query)["X-Amz-Credential"][0].split("/", 2)
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return _Endpoint(f"{parts.scheme}://{parts.netloc}{path}", parts.netloc.removesuffix(default), path, service)

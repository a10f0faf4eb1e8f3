"""What one connection may cost, and all of them together."""

import resource
from dataclasses import dataclass
from typing import Final

#: Descriptors that stay free for Postgres, Redis, S3, the children of jobs and their files.
OTHER_DESCRIPTORS: Final = 300

#: The share of the other descriptors that connections without a request may have; requests have the rest.
WAITING_SHARE: Final = 0.4

#: More connections than this are of no use to one process, whatever its limit of descriptors is.
MOST_CONNECTIONS: Final = 2500


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of an HTTP server.

    Attributes:
        head_bytes: request line and headers, and likewise trailers and other bytes that are no content.
        head_seconds: from the first byte of a head to its last; for the first head from the connection on.
        idle_seconds: how long a connection is kept between two requests. nginx has to drop it sooner.
        body_bytes_per_second: lowest rate of a body, on the average of each ``body_seconds`` in which the application
            waited for it. Rate and time are Apache's (mod_reqtimeout).
        late_seconds: how long a client may go on sending after its answer, or take none of it.
        waiting: connections that have no request open: they have sent no head yet, or wait for the next.
        requests: connections that have one open.
    """

    head_bytes: int = 32 << 10
    head_seconds: float = 10
    idle_seconds: float = 5
    body_bytes_per_second: int = 500
    body_seconds: float = 20
    late_seconds: float = 30
    waiting: int = 1000
    requests: int = 1500


def process_limits() -> Limits:
    """The limits for the descriptors that this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        soft = MOST_CONNECTIONS + OTHER_DESCRIPTORS
    connections = min(max(soft - OTHER_DESCRIPTORS, soft // 2), MOST_CONNECTIONS)
    waiting = int(connections * WAITING_SHARE)
    return Limits(waiting=waiting, requests=connections - waiting)

"""The name of this process among the replicas of an installation."""

import os
import socket
import uuid
from functools import cache


@cache
def replica_name() -> str:
    """Host, process and six random digits; leases, consumers of the queue and log lines show it."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"

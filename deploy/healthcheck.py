"""Ends with 0 if the program in this container answers 200 at a path, with 1 otherwise: ``healthcheck.py /livez``.

Knows the standard library only. The API, a worker and the processes of a cluster listen on different ports, and a
container runs one of them: whichever answers is meant.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

#: Settings that hold the port, with their defaults.
PORTS = {"OPENHOURS_PORT": "8000", "OPENHOURS_HEALTH_PORT": "8001"}

#: Where the processes of a cluster answer /health.
CLUSTER_PORT = 8787

#: Wait for one answer; two of them fit into the time that the HEALTHCHECK of the image has, seconds.
TIMEOUT_SECONDS = 2


def answers(port: int, path: str) -> bool:
    """Whether something on this port says 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    ports = [int(os.environ.get(name) or default) for name, default in PORTS.items()]
    ports.append(CLUSTER_PORT)
    sys.exit(0 if any(answers(port, sys.argv[1]) for port in ports) else 1)

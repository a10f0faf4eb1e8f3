"""For each page that is declared, the addresses at which tests open it, made on the sample data."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi.testclient import TestClient

from tests.asking import reported

#: What is made once for all pages, by name; what has a slow job is made here.
Made = dict[str, Any]


def make(client: TestClient) -> Made:
    """What examples need besides the sample data."""
    done = reported(client, report="uptime", params={"charts": True, "html": True})
    assert done["status"] == "Complete"
    failed = reported(client, report="uptime", params={"from": "2001-01-01", "to": "2001-01-02"})
    user = client.post("/users", json={"name": "grace", "role": "operator", "kind": "service"}).json()["id"]
    key = client.post("/keys", json={"name": "nightly", "user_id": user, "scopes": ["data:read"]}).json()["id"]
    return {"report": done["report_id"], "failed": failed["report_id"], "user": user, "key": key}


#: Pages about whoever opens them: these are opened by somebody who has logged in, the others in local mode.
OF_ONESELF: Final = frozenset(
    {"/console/keys", "/console/account", "/console/account/second-factor", "/console/sessions"}
)


#: By the path of a page the queries and paths at which it is opened, from what was made.
ADDRESSES: Final[Mapping[str, Callable[[Made], list[str]]]] = {
    "/console": lambda made: ["/console"],
    "/console/reports": lambda made: ["/console/reports", "/console/reports?status=failed&kind=uptime"],
    "/console/users": lambda made: ["/console/users", "/console/users?limit=1"],
    "/console/users/new": lambda made: ["/console/users/new", "/console/users/new?kind=service"],
    "/console/users/{user_id}": lambda made: [f"/console/users/{made['user']}"],
    "/console/keys": lambda made: [
        "/console/keys",
        "/console/keys?user_id=all",
        f"/console/keys?user_id={made['user']}",
    ],
    "/console/keys/new": lambda made: ["/console/keys/new", f"/console/keys/new?user_id={made['user']}"],
    "/console/keys/{key_id}": lambda made: [f"/console/keys/{made['key']}"],
    "/console/account": lambda made: ["/console/account"],
    "/console/account/second-factor": lambda made: ["/console/account/second-factor"],
    "/console/sessions": lambda made: ["/console/sessions"],
    "/console/audit": lambda made: [
        "/console/audit",
        "/console/audit?action=key.make&from=2026-01-01T00:00:00Z&limit=5",
    ],
}

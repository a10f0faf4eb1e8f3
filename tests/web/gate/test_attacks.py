"""The attacks that the gate was designed against, each with its number, on two replicas, byte by byte.

Numbers 47 to 56, and those that need https, are in test_this_machine.py and test_pages_of_others.py.
"""

import base64
import json
from dataclasses import dataclass, field

import pytest

from app.access.secrets import Kind, new_secret
from tests.web.gate.conftest import Installation
from tests.web.gate.wire import ask

#: An id that no report has.
NOBODY = "0" * 32

#: Announced and never sent: who waits for a byte of it waits for ever.
MUCH = "Content-Length: 26214400"


@dataclass(frozen=True, slots=True)
class Attack:
    number: int
    what: str
    method: str
    path: str
    status: int
    code: str | None = None
    headers: list[str] = field(default_factory=list)
    body: bytes = b""


def bearer(name: str) -> list[str]:
    """A header with a credential that the installation knows by this name."""
    return [f"Authorization: Bearer {{{name}}}"]


COOKIE = ["Cookie: openhours={session}"]
JSON = ["Content-Type: application/json"]
TRIGGER = [*JSON, "Content-Length: 2"]
NONE_JWT = ".".join(
    base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b'{"alg":"none"}', b'{"sub":"admin"}', b"")
)
STRANGER = new_secret(Kind.KEY).text

ATTACKS = [
    Attack(1, "no credentials", "GET", "/reports", 401, "authentication_required"),
    Attack(2, "an unknown path", "GET", "/nothing/here", 401, "authentication_required"),
    Attack(3, "malformed JSON", "POST", "/trigger_report", 401, None, [*JSON, "Content-Length: 9"], b""),
    Attack(4, "25 MB", "POST", "/datasets?kind=polls", 401, None, [MUCH]),
    Attack(5, "bytes of an upload", "PATCH", "/uploads/1", 401, None, ["Tus-Resumable: 1.0.0", MUCH]),
    Attack(6, "override to PATCH", "POST", "/uploads/1", 403, "not_allowed",
           [*bearer("viewer"), "Tus-Resumable: 1.0.0", "X-HTTP-Method-Override: PATCH", MUCH]),
    Attack(7, "override to DELETE", "POST", "/uploads/1", 403, "not_allowed",
           [*bearer("viewer"), "Tus-Resumable: 1.0.0", "X-HTTP-Method-Override: DELETE"]),
    Attack(8, "a probe", "GET", "/livez", 200),
    Attack(9, "metrics", "GET", "/metrics", 401, "authentication_required"),
    Attack(10, "the document", "GET", "/openapi.json", 401, "authentication_required"),
    Attack(10, "the page", "GET", "/docs", 401, "authentication_required"),
    Attack(11, "a letter changed", "GET", "/reports", 401, "invalid_token", ["Authorization: Bearer {changed}"]),
    Attack(12, "a key of nobody", "GET", "/reports", 401, "invalid_token", [f"Authorization: Bearer {STRANGER}"]),
    Attack(13, "an expired key", "GET", "/reports", 401, "invalid_token", bearer("expired")),
    Attack(14, "a revoked key", "GET", "/reports", 401, "invalid_token", bearer("revoked")),
    Attack(15, "a key of a disabled user", "GET", "/reports", 401, "invalid_token", bearer("disabled")),
    Attack(16, "a session as Bearer", "GET", "/reports", 401, "invalid_token", bearer("session")),
    Attack(16, "a refresh token as Bearer", "GET", "/reports", 401, "invalid_token", bearer("refresh")),
    Attack(17, "a key as cookie", "GET", "/reports", 401, "invalid_token", ["Cookie: openhours={admin}"]),
    Attack(18, "a key in the query", "GET", "/reports?key={admin}", 401, "authentication_required"),
    Attack(19, "a key by Basic", "GET", "/reports", 401, "invalid_token", ["Authorization: Basic {basic}"]),
    Attack(20, "two Authorizations", "GET", "/reports", 400, "ambiguous_request",
           [*bearer("admin"), *bearer("viewer")]),
    Attack(20, "two Hosts", "GET", "/reports", 400, "ambiguous_request",
           [*bearer("admin"), "Host: localhost", "Host: evil.example"]),
    Attack(20, "two sessions", "GET", "/reports", 400, "ambiguous_request",
           ["Cookie: openhours={session}; openhours={admin}"]),
    Attack(21, "a JWT without signature", "GET", "/reports", 401, "invalid_token",
           [f"Authorization: Bearer {NONE_JWT}"]),
    Attack(22, "not ASCII", "GET", "/reports", 401, "invalid_token", ["Authorization: Bearer oh_\xe9\xff"]),
    Attack(22, "a space of Unicode", "GET", "/reports", 401, "invalid_token", ["Authorization: Bearer \xa0{admin}"]),
    Attack(22, "10 kB", "GET", "/reports", 401, "invalid_token", [f"Authorization: Bearer oh_{'a' * 10_000}"]),
    Attack(22, "nothing", "GET", "/reports", 401, "invalid_token", ["Authorization: Bearer"]),
    Attack(23, "a viewer reads", "GET", "/reports", 200, None, bearer("viewer")),
    Attack(24, "a viewer triggers", "POST", "/trigger_report", 403, "not_allowed",
           [*bearer("viewer"), *TRIGGER], b"{}"),
    Attack(25, "a viewer triggers by GET", "GET", "/trigger_report", 403, "not_allowed", bearer("viewer")),
    Attack(26, "a viewer removes", "DELETE", f"/reports/{NOBODY}", 403, "not_allowed", bearer("viewer")),
    Attack(27, "a viewer sets hours", "PUT", "/entities/store/1/hours", 403, "not_allowed",
           [*bearer("viewer"), *TRIGGER], b"{}"),
    Attack(28, "a viewer sets hours of a key with slashes", "PUT", "/entities/store/a/b/hours", 403, "not_allowed",
           [*bearer("viewer"), *TRIGGER], b"{}"),
    Attack(29, "a limited key triggers", "POST", "/trigger_report", 403, "not_allowed",
           [*bearer("limited"), *TRIGGER], b"{}"),
    Attack(30, "a viewer's key lists more than its role", "POST", "/trigger_report", 403, "not_allowed",
           [*bearer("beyond"), *TRIGGER], b"{}"),
    Attack(31, "an operator asks for metrics", "GET", "/metrics", 403, "not_allowed", bearer("operator")),
    Attack(33, "the method in small letters", "delete", f"/reports/{NOBODY}", 400, "unreadable_request",
           bearer("admin")),
    Attack(34, "HEAD of a GET route", "HEAD", "/reports", 401),
    Attack(35, "a preflight from elsewhere", "OPTIONS", "/trigger_report", 401, "authentication_required",
           ["Origin: https://evil.example", "Access-Control-Request-Method: POST"]),
    Attack(36, "a session reads", "GET", "/reports", 200, None, COOKIE),
    Attack(37, "a page of another site posts", "POST", "/trigger_report", 403, "cross_origin",
           [*COOKIE, *TRIGGER, "Sec-Fetch-Site: cross-site"], b"{}"),
    Attack(38, "a sibling subdomain posts", "POST", "/trigger_report", 403, "cross_origin",
           [*COOKIE, *TRIGGER, "Sec-Fetch-Site: same-site"], b"{}"),
    Attack(39, "a foreign Origin posts", "POST", "/trigger_report", 403, "cross_origin",
           [*COOKIE, *TRIGGER, "Origin: https://evil.example"], b"{}"),
    Attack(40, "Origin null posts", "POST", "/trigger_report", 403, "cross_origin",
           [*COOKIE, *TRIGGER, "Origin: null"], b"{}"),
    Attack(41, "another port posts", "POST", "/trigger_report", 403, "cross_origin",
           [*COOKIE, *TRIGGER, "Origin: http://127.0.0.1:1"], b"{}"),
    Attack(43, "an image of another site triggers", "GET", "/trigger_report", 403, "cross_origin",
           [*COOKIE, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"]),
    Attack(44, "a page of this service removes", "DELETE", f"/reports/{NOBODY}", 404, "unknown_report",
           [*COOKIE, "Sec-Fetch-Site: same-origin"]),
    Attack(45, "a bad key with a good session", "GET", "/reports", 401, "invalid_token",
           [*COOKIE, "Authorization: Bearer {changed}"]),
    Attack(45, "a good key with a session, from another site", "POST", "/trigger_report", 403, "cross_origin",
           [*COOKIE, *bearer("operator"), *TRIGGER, "Sec-Fetch-Site: cross-site"], b"{}"),
    Attack(46, "a user's name of a proxy", "GET", "/reports", 401, "authentication_required",
           ["X-Forwarded-User: admin", "Remote-User: admin"]),
]  # fmt: skip


def filled(text: str, credentials: dict[str, str]) -> str:
    """A text with the credentials that it names."""
    key = credentials["admin"]
    changed = key[:20] + ("a" if key[20] != "a" else "b") + key[21:]
    basic = base64.b64encode(f"admin:{key}".encode()).decode()
    return text.format(**credentials, changed=changed, basic=basic) if "{" in text else text


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.number} {attack.what}")
@pytest.mark.usefixtures("stores_nothing")
def test_it_ends_as_expected_on_each_replica(attacked: Installation, attack: Attack) -> None:
    for address in attacked.replicas:
        headers = [filled(line, attacked.credentials) for line in attack.headers]
        answer = ask(address, attack.method, filled(attack.path, attacked.credentials), headers, attack.body)
        assert answer.status == attack.status, answer.body
        if attack.code is not None:
            assert json.loads(answer.body)["code"] == attack.code
        assert "access-control-allow-origin" not in answer.headers
        if attack.status == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
        told = str(answer.headers) + answer.body.decode()
        assert not any(secret in told for secret in attacked.credentials.values())


@pytest.mark.usefixtures("stores_nothing")
def test_32_a_path_that_climbs_removes_nothing(attacked: Installation) -> None:
    headers = [filled(line, attacked.credentials) for line in bearer("viewer")]
    for path in (f"//reports/../reports/{NOBODY}", f"/reports/%2e%2e/reports/{NOBODY}", f"/reports/..;/{NOBODY}"):
        assert ask(attacked.replicas[0], "DELETE", path, headers).status in {403, 404}


@pytest.mark.usefixtures("stores_nothing")
def test_22_a_null_byte_ends_the_request(attacked: Installation) -> None:
    assert ask(attacked.replicas[0], "GET", "/reports", ["Authorization: Bearer oh_\0"]).status == 400


@pytest.mark.usefixtures("stores_nothing")
def test_24_who_lacks_a_scope_is_told_which_one_and_who_has_it(attacked: Installation) -> None:
    headers = [filled(line, attacked.credentials) for line in (*bearer("viewer"), *TRIGGER)]
    answer = ask(attacked.replicas[0], "POST", "/trigger_report", headers, b"{}")
    problem = json.loads(answer.body)
    assert problem["allowed"] == ["reports:run"]
    assert problem["detail"] == (
        "viewer may not do this: this needs the scope reports:run; roles that have it: operator, admin."
    )
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="reports:run"'

"""Requests with headers put together at random: each is answered as documented, and never with an error of ours."""

import base64
import random
from typing import Any

import httpx2

from app.storage.resources import Resources
from tests.uploads.catalogue import Catalogue

#: Made up in a run; they are the same in every run.
REQUESTS = 1500

HEADERS: dict[str, list[str]] = {
    "Tus-Resumable": ["1.0.0"] * 12 + ["", "0.9", "a b"],
    "Upload-Length": ["0", "1", "7", "300", "-1", "x", "1e3", "9" * 30, str(1 << 63), ""],
    "Upload-Offset": ["0", "0", "1", "7", "-1", "x", "9" * 30, ""],
    "Upload-Metadata": [
        *["kind cG9sbHM="] * 8,
        *(
            "",
            ",",
            "kind",
            "kind,kind",
            "kind cG9sbHM=,filename",
            "a b c",
            "kind ====",
            "kind cG9sbHM=, force dHJ1ZQ==",
        ),
        "kind cG9sbHM=,filename " + base64.b64encode(b"\xff\xfe").decode(),
    ],
    "Upload-Checksum": ["sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "sha256", "md5 x", "", "sha1 !"],
    "Upload-Defer-Length": ["1"],
    "Upload-Concat": ["partial", "final;/uploads/a"],
    "Content-Type": ["application/offset+octet-stream"] * 4 + ["text/csv", ""],
    "X-HTTP-Method-Override": ["PATCH", "HEAD", "DELETE", "OPTIONS", "GET", "x"],
}

#: How often a request has a header.
SHARES = {"Upload-Defer-Length": 0.03, "Upload-Concat": 0.03, "Upload-Checksum": 0.15, "X-HTTP-Method-Override": 0.15}


def documented(document: dict[str, Any], method: str, path: str) -> set[int]:
    operation = document["paths"][path].get(method.lower())
    return {405} if operation is None else {int(status) for status in operation["responses"]}


def test_every_answer_is_documented(http: httpx2.Client, resources: Resources, catalogue: Catalogue) -> None:
    document = http.get("/openapi.json").json()
    dice, paths, seen = random.Random(1), ["/uploads/x", "/uploads/" + "0" * 32], set()
    for _ in range(REQUESTS):
        headers = {
            name: dice.choice(values) for name, values in HEADERS.items() if dice.random() < SHARES.get(name, 0.9)
        }
        target = dice.choice(["/uploads", *paths[-4:]])
        method = dice.choice(["POST", "HEAD", "PATCH", "PATCH", "PATCH", "DELETE", "OPTIONS"])
        body = dice.choice([b"", b"a", b"abcdefg", b"x" * 300])
        answer = http.request(method, target, headers=headers, content=body)
        meant = headers.get("X-HTTP-Method-Override", "")
        said = meant if method == "POST" and meant in {"PATCH", "HEAD", "DELETE", "OPTIONS"} else method
        template = "/uploads" if target == "/uploads" else "/uploads/{upload_id}"
        assert answer.status_code in documented(document, said, template), (said, target, headers, answer.text)
        assert answer.headers["tus-resumable"] == "1.0.0"
        if answer.status_code >= 400 and said != "HEAD":
            assert answer.headers["content-type"] == "application/problem+json"
        if "location" in answer.headers:
            paths.append(answer.headers["location"])
        seen.add(answer.status_code)
    assert {200, 201, 204, 404, 405, 409, 412, 413, 415, 422} <= seen
    assert catalogue.accepted

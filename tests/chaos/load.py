"""Clients: a fixed number of requests a second through the reverse proxy, everything they see goes into a ledger."""

import hashlib
import json
import random
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any, Self

from tests.chaos.asking import Answer, NoAnswer, ask
from tests.chaos.kinds import PARCEL_FILES
from tests.chaos.ledger import RUNNING, Account, Ledger, Sighting, View

#: Requests that may be under way at once.
THREADS = 32

#: Share of the requests that trigger a report; the others poll.
TRIGGERS = 0.08

#: Share of the polls that look at a report which has ended already: it must not change any more.
LOOKS_BACK = 0.2


class Clients:
    """Single requests, each recorded."""

    def __init__(self, address: str, ledger: Ledger) -> None:
        self.address = address
        self.ledger = ledger

    def trigger(self, kind: str, params: Mapping[str, Any] | None = None, *, key: str | None = None) -> str | None:
        """The id, or None when the request failed, which was recorded."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        body = json.dumps({"report": kind, "params": dict(params or {})}).encode()
        answer = self._ask("/trigger_report", 202, method="POST", body=body, headers=headers)
        if answer is None:
            return None
        report_id: str = answer.json["report_id"]
        self.ledger.accepted(report_id, kind, key)
        return report_id

    def poll(self, report_id: str) -> View | None:
        """What was seen, or None when the request failed, which was recorded."""
        asked = monotonic()
        answer = self._ask(f"/get_report?report_id={report_id}", 200)
        if answer is None:
            return None
        view = _view(answer.json)
        self.ledger.saw(report_id, Sighting(asked, monotonic(), view))
        return view

    def download(self, report_id: str) -> View | None:
        """The files of a complete report as they are in S3, as a further sighting."""
        asked = monotonic()
        answer = self._ask(f"/get_report?report_id={report_id}", 200)
        if answer is None or answer.json["status"] != "Complete":
            return None
        contents = {file["name"]: ask(file["url"]) for file in answer.json["files"]}
        wrong = {name: content.status for name, content in contents.items() if content.status != 200}
        assert not wrong, f"files of {report_id}: {wrong}"
        hashes = [(name, hashlib.sha256(content.body).hexdigest()) for name, content in contents.items()]
        view = ("Complete", *hashes, *_mixed({name: content.body for name, content in contents.items()}))
        self.ledger.saw(report_id, Sighting(asked, monotonic(), view))
        return view

    def settle(self, seconds: float) -> None:
        """Poll what is open until it has ended, for so long."""
        deadline = monotonic() + seconds
        while (waiting := self.ledger.open()) and monotonic() < deadline:
            for account in waiting:
                self.poll(account.id)
            sleep(0.5)

    def look_back(self) -> None:
        """Look once more at everything that has ended, and download every result."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._look_back, [account.id for account in self.ledger.accounts()]))

    def _look_back(self, report_id: str) -> None:
        if self.poll(report_id) not in {None, RUNNING}:
            self.download(report_id)

    def _ask(self, path: str, wanted: int, **options: Any) -> Answer | None:
        self.ledger.asked()
        try:
            answer = ask(self.address + path, **options)
        except NoAnswer as error:
            self.ledger.failed(path, str(error))
            return None
        if answer.status != wanted:
            self.ledger.failed(path, f"{answer.status} {answer.body[:200]!r}")
            return None
        return answer


@dataclass(frozen=True, slots=True)
class Wish:
    """A parcel that a client wants."""

    key: str | None
    params: Mapping[str, Any]


class Load:
    """``per_second`` requests from ``start()`` to ``stop()``: triggers with and without keys, and polls."""

    def __init__(self, clients: Clients, *, per_second: float, seed: int) -> None:
        self._clients = clients
        self._per_second = per_second
        self._chance = random.Random(seed)
        self._unanswered: list[Wish] = []  # triggers with a key whose answer was lost: they are repeated as they were
        self._lock = Lock()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="load")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            due = monotonic()
            while not self._stopping.is_set():
                due += 1 / self._per_second
                self._stopping.wait(max(0.0, due - monotonic()))
                pool.submit(self._request)

    def _request(self) -> None:
        accounts = self._clients.ledger.accounts()
        with self._lock:
            triggers = not accounts or self._chance.random() < TRIGGERS
            wish = self._wish() if triggers else None
            account = None if triggers else self._chosen(accounts)
        if wish is not None:
            answered = self._clients.trigger("parcel", wish.params, key=wish.key)
            if answered is None and wish.key is not None:
                self._unanswered.append(wish)
        elif account is not None:
            self._clients.poll(account.id)

    def _wish(self) -> Wish:
        if self._unanswered:
            return self._unanswered.pop()
        params = {"seconds": round(self._chance.uniform(0.1, 1), 2), "kilobytes": self._chance.choice([1, 64, 1024])}
        return Wish(uuid.uuid4().hex if self._chance.random() < 0.5 else None, params)

    def _chosen(self, accounts: list[Account]) -> Account:
        open_ones = [account for account in accounts if account.end is None]
        back = self._chance.random() < LOOKS_BACK
        return self._chance.choice(accounts if back or not open_ones else open_ones)


def _view(answer: dict[str, Any]) -> View:
    match answer["status"]:
        case "Running":
            return RUNNING
        case "Complete":
            return ("Complete", *((file["name"], file["sha256"]) for file in answer["files"]))
        case "Failed":
            return ("Failed", answer["error"]["code"])
        case ended:
            return (ended,)


def _mixed(contents: Mapping[str, bytes]) -> tuple[str, ...]:
    """A word that makes the view another one when the files of a parcel come from two attempts."""
    if set(contents) != set(PARCEL_FILES):
        return ()
    tokens = {content.split(b"\n")[0] for content in contents.values()}
    return () if len(tokens) == 1 else ("files of two attempts",)

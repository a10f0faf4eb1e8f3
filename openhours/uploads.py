"""Sends a file to a server by the tus protocol (1.0.0), and goes on where an earlier try was cut off.

Where an upload lives on the server is remembered until it is forgotten, under the file's own SHA-256. With a folder for
such notes a later call for the same bytes finds it again, after Ctrl-C as well as after a crash, and under another file
name.
"""

import json
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import httpx2

from openhours.connection import TIMEOUT_SECONDS, client_errors, problem_of, stranger
from openhours.errors import ServerUnreachable
from openhours.outgoing import Outgoing, Sent

#: A server that takes no byte for so long is given up; what it has taken stays there, seconds.
PATIENCE_SECONDS: Final = 60.0

#: Before the server is asked how far it got: longer each time, up to the last, seconds. A lock that a dead replica left
#: behind ends after eight seconds.
PAUSES_SECONDS: Final = (0.2, 1.0, 2.0, 4.0, 8.0)

#: The last answer to a large file may take as long as the object store needs to put it together, seconds.
READ_SECONDS: Final = 300.0

_VERSION: Final = {"Tus-Resumable": "1.0.0"}

#: Answers after which the upload is begun anew: the server does not have it, or not any more.
_GONE: Final = frozenset({403, 404, 410})

#: The answer to a key that has ended since the upload began.
_UNKNOWN_KEY: Final = 401

#: Answers after which the same upload goes on: elsewhere, later, or from another offset.
_PASSING: Final = frozenset({409, 423, 429, 460, 500, 502, 503, 504})


class Uploader:
    """Sends files to one server; close it after use.

    Args:
        address: where the server is now.
        memory: folder of what has to be remembered; None: each ``send`` begins anew.
        known_as: what the server is called in there; one that runs here is the same at another port.
        auth: what adds a key to each request.
    """

    def __init__(
        self,
        address: str,
        *,
        memory: Path | None = None,
        known_as: str | None = None,
        auth: httpx2.Auth | None = None,
    ) -> None:
        self._address = address.rstrip("/")
        self._memory = memory
        self._known_as = known_as or self._address
        limits = httpx2.Timeout(TIMEOUT_SECONDS, read=READ_SECONDS)
        self._has_answered = False
        self._http = httpx2.Client(timeout=limits, follow_redirects=False, headers=_VERSION, auth=auth)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, file: Outgoing, *, sent: Sent) -> str:
        """Send a file, or what is missing of it; returns the id of its dataset.

        The same call for the same file finds that dataset until it is forgotten.

        Args:
            file: what to send.
            sent: called with the number of bytes that are there.

        Raises:
            Problem: the server refuses it.
            ServerUnreachable: it was away for too long; the same call goes on later.
        """
        patience = _Patience(self._address)
        upload = self._known(file) or self._create(file)
        while True:
            offset = self._offset(upload, file)
            if offset is None:  # it expired, or the object store has lost it
                patience.wait()
                upload = self._create(file)
                continue
            patience.see(offset)
            sent(offset)
            if offset == file.size_bytes:
                break
            if not self._patch(upload, file, offset, sent=sent):
                patience.wait()
        return upload.rpartition("/")[2]

    def forget(self, file: Outgoing) -> None:
        """The next ``send`` of the file is another upload."""
        if note := self._note(file):
            note.unlink(missing_ok=True)

    def _note(self, file: Outgoing) -> Path | None:
        return self._memory and self._memory / f"{file.fingerprint(self._known_as)}.json"

    def _known(self, file: Outgoing) -> str | None:
        """Where an earlier try has begun this upload."""
        note = self._note(file)
        if note is None:
            return None
        try:
            path = json.loads(note.read_text(encoding="utf-8"))["upload"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return path if isinstance(path, str) and path.startswith("/") else None

    def _remember(self, file: Outgoing, upload: str) -> None:
        note = self._note(file)
        if note is None:
            return
        note.parent.mkdir(parents=True, exist_ok=True)
        draft = note.with_suffix(".new")
        draft.write_text(json.dumps({"upload": upload}), encoding="utf-8")
        draft.replace(note)

    def _create(self, file: Outgoing) -> str:
        headers = {"Upload-Length": str(file.size_bytes), "Upload-Metadata": file.header()}
        response = self._ask("POST", "/uploads", headers=headers)
        if response.status_code != 201:
            raise problem_of(response, self._address)
        upload = httpx2.URL(response.headers.get("Location", "")).path
        if not upload.startswith("/uploads/"):
            raise stranger(response, self._address)
        self._remember(file, upload)
        return upload

    def _offset(self, upload: str, file: Outgoing) -> int | None:
        """How many bytes the server has; None when it does not have the upload any more."""
        response = self._ask("HEAD", upload)
        if response.status_code in _GONE:
            return None
        if response.status_code == _UNKNOWN_KEY:
            raise problem_of(response, self._address)
        offset = response.headers.get("Upload-Offset", "")
        if response.status_code != 200 or not offset.isdecimal() or int(offset) > file.size_bytes:
            raise stranger(response, self._address)
        return int(offset)

    def _ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """The answer to a request without a body; a server that was there and is away for a while is asked again."""
        patience = _Patience(self._address)
        while True:
            try:
                with client_errors(self._address):
                    response = self._http.request(method, self._address + path, **options)
            except ServerUnreachable:
                if not self._has_answered:
                    raise
            else:
                self._has_answered = True
                if response.status_code not in _PASSING - {409}:
                    return response
            patience.wait()

    def _patch(self, upload: str, file: Outgoing, offset: int, *, sent: Sent) -> bool:
        """Send from ``offset`` on; False when that was cut off and the server has to be asked how far it got."""
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(file.size_bytes - offset),
            "Upload-Offset": str(offset),
        }
        try:
            with client_errors(self._address):
                response = self._http.patch(
                    self._address + upload, headers=headers, content=file.blocks(offset, sent=sent)
                )
        except ServerUnreachable:
            return False
        if response.status_code == 204:
            return True
        if response.status_code in _PASSING or response.status_code in _GONE:
            return False
        raise problem_of(response, self._address)


class _Patience:
    """Longer and longer pauses, until nothing has got further for too long."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._best = -1
        self._since = monotonic()
        self._pauses = iter(PAUSES_SECONDS)

    def see(self, offset: int) -> None:
        """So many bytes are there."""
        if offset > self._best:
            self._best, self._since, self._pauses = offset, monotonic(), iter(PAUSES_SECONDS)

    def wait(self) -> None:
        """Pause before another try. Raises ServerUnreachable when there have been enough."""
        if monotonic() - self._since > PATIENCE_SECONDS:
            raise ServerUnreachable(
                f"{self._address} has not taken anything for {PATIENCE_SECONDS:g} seconds. What it has taken before "
                "stays there: the same command goes on from there."
            )
        sleep(next(self._pauses, PAUSES_SECONDS[-1]))

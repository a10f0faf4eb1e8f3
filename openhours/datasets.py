"""Datasets: load a file or a DataFrame, follow what becomes of it, list what was loaded."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from openhours.connection import Connection
from openhours.errors import DatasetRejected, InvalidInput, StillRunning
from openhours.outgoing import outgoing
from openhours.uploads import Uploader
from openhours.waiting import POLL_SECONDS, WAIT_SECONDS, answers, interval

if TYPE_CHECKING:
    import pandas as pd

#: How a dataset stands when nothing more happens to it by itself.
_ENDED: Final = frozenset({"ready", "rejected"})


class Datasets(Connection):
    """What a client asks of datasets."""

    def load(
        self,
        kind: str,
        source: "Path | str | pd.DataFrame",
        /,
        *,
        timeout_seconds: float = WAIT_SECONDS,
        notify: str | Sequence[str] = (),
        **options: str | int | bool,
    ) -> Mapping[str, Any]:
        """Upload a file or a frame and wait until its rows are checked and loaded.

        The upload goes on where a broken connection cut it off.

        Args:
            kind: dataset kind, such as ``polls``.
            source: path of a CSV file, plain or gzip; or a frame whose columns have the names of the kind's. Its
                instants need a time zone; an index counts as a column if it has a name.
            timeout_seconds: how long to wait for the check after the upload.
            notify: who is told when it is loaded or rejected: names of webhooks, and addresses that may get mail.
            options: ``on_error="skip_rows"``, ``max_errors=100``, ``columns="store_id,status,timestamp_utc"``,
                ``force=True``; of installs ``source="pypistats"``, ``covers="named"``.

        Returns:
            The dataset as answered: ``dataset_id``, ``rows_accepted``, ``rows_rejected``, ``rejections`` …

        Raises:
            InvalidInput: there is no such file; a column of instants has no time zone.
            DatasetRejected: it was checked and not loaded; the message names the first rows that are wrong.
            StillRunning: it is not checked in time, and goes on.
        """
        if notify:
            options["notify"] = notify if isinstance(notify, str) else ",".join(notify)
        if isinstance(source, Path | str):
            return self._load_file(kind, Path(source), options, timeout_seconds=timeout_seconds)
        from openhours import frames  # noqa: PLC0415 - pandas takes half a second to import

        with tempfile.TemporaryDirectory(prefix="openhours-") as folder:
            path = Path(folder, f"{kind}.csv")
            frames.write_csv(source, path)
            return self._load_file(kind, path, options, timeout_seconds=timeout_seconds)

    def _load_file(
        self, kind: str, path: Path, options: Mapping[str, str | int | bool], *, timeout_seconds: float
    ) -> Mapping[str, Any]:
        if not path.is_file():
            raise InvalidInput(f"{path} is {'a folder' if path.is_dir() else 'not there'}; give the path of a file")
        told = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in options.items()}
        file = outgoing(path, kind=kind, options=told, read=_unseen)
        with closing(self.uploader()) as uploader:
            dataset_id = uploader.send(file, sent=_unseen)
        answer = self.wait_for_dataset(dataset_id, timeout_seconds=timeout_seconds)
        if answer["status"] == "rejected":
            error = DatasetRejected(answer["error"]["message"], **answer)
            error.code = answer["error"]["code"]
            raise error
        return answer

    def uploader(self, *, memory: Path | None = None, known_as: str | None = None) -> Uploader:
        """What sends files to this server, with the same key; close it after use. The arguments are Uploader's."""
        return Uploader(self.address, memory=memory, known_as=known_as, auth=self._auth)

    def wait_for_dataset(self, dataset_id: str, *, timeout_seconds: float = WAIT_SECONDS) -> Mapping[str, Any]:
        """The answer for a dataset that is ready or rejected.

        Raises:
            StillRunning: it is neither in time.
        """
        deadline = monotonic() + timeout_seconds
        for answer in self.follow_dataset(dataset_id, every_seconds=interval(timeout_seconds)):
            if answer["status"] not in _ENDED and monotonic() >= deadline:
                raise StillRunning(
                    f"Dataset {dataset_id} is still {answer['status']} ({answer['progress']:.0%}) after "
                    f"{timeout_seconds:g} seconds. It goes on: wait for it again.",
                    dataset_id=dataset_id,
                )
        return answer

    def follow_dataset(self, dataset_id: str, *, every_seconds: float = POLL_SECONDS) -> Iterator[Mapping[str, Any]]:
        """Answers to polls until the dataset is ready or rejected."""
        path = f"/datasets/{quote(dataset_id, safe='')}"
        ask = partial(self._ask, "GET", path, params={"wait": every_seconds})
        for answer in answers(ask, every_seconds=every_seconds):
            yield answer
            if answer["status"] in _ENDED:
                return

    def datasets(
        self, *, kind: str | None = None, status: str | None = None, limit: int | None = None
    ) -> "pd.DataFrame":
        """Datasets, newest first, a row each.

        Args:
            kind: only of this dataset kind.
            status: only ``uploading``, ``checking``, ``loading``, ``ready``, ``rejected`` or ``removing``.
            limit: at most so many. Default: all.
        """
        from openhours import frames  # noqa: PLC0415 - as above

        return frames.of_rows(self._rows("datasets", kind=kind, status=status, most=limit))


def _unseen(_: int) -> None:
    """For progress that nobody looks at."""

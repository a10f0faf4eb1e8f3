"""Writes the mail of an event: what is told, and of a complete report its summary, charts and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from app.errors import NotFound, ReportNotComplete
from app.files.artifact import StoredArtifact
from app.reports.kind import Outline
from app.reports.service import Ended, ReportService
from app.sending.letter import Attachment, Letter, Picture

#: Charts that a mail shows at most.
MOST_PICTURES: Final = 8

#: Name of the page of a report.
_PAGE: Final = "report.html"

_TYPES: Final[Mapping[str, str]] = {"csv": "text/csv", "html": "text/html", "png": "image/png"}


class Letters:
    """Of one process; safe to use from several threads."""

    def __init__(self, reports: ReportService, *, attachment_bytes: int) -> None:
        """All files of one mail have at most ``attachment_bytes`` together."""
        self._reports = reports
        self._bytes = attachment_bytes

    def compose(self, payload: Mapping[str, Any], attach: tuple[str, ...]) -> Letter:
        """The letter of an event; ``attach`` says what it is to carry of a report: ``csv``, ``page``.

        Raises:
            Unavailable: a server does not answer; to be tried again.
        """
        data = payload.get("data", {})
        told = Letter(
            subject=str(data["title"]),
            title=str(data["title"]),
            sentences=tuple(f"{name}: {value}" for name, value in data.get("facts", ())),
            page=data.get("page"),
        )
        if payload.get("type") != "report.complete":
            return told
        return self._with_report(told, str(data["report_id"]), attach)

    def _with_report(self, letter: Letter, report_id: str, attach: tuple[str, ...]) -> Letter:
        try:
            state = self._reports.poll(report_id, has_ended=True)
        except NotFound:
            return replace(letter, notes=("The report has been removed since; its files are no longer there.",))
        if not isinstance(state, Ended):
            return letter
        try:
            outline = self._reports.outline(report_id)
        except (NotFound, ReportNotComplete):  # reports of its kind have no summary
            outline = Outline((), (), ())
        files = [file.artifact for file in state.files]
        pictures, attachments, left_out = self._files(files, attach)
        return replace(
            letter,
            columns=tuple(outline.columns),
            rows=tuple(tuple(row) for row in outline.rows),
            notes=tuple(outline.notes),
            pictures=pictures,
            attachments=attachments,
            left_out=left_out,
        )

    def _files(
        self, files: Sequence[StoredArtifact], attach: tuple[str, ...]
    ) -> tuple[tuple[Picture, ...], tuple[Attachment, ...], tuple[str, ...]]:
        """What fits: first what was asked for, then the charts."""
        left, attachments, left_out = self._bytes, [], []
        for file in files:
            is_wanted = (file.name.endswith(".csv") and "csv" in attach) or (file.name == _PAGE and "page" in attach)
            if is_wanted and file.bytes <= left:
                left -= file.bytes
                attachments.append(_attached(file, self._read(file)))
            elif is_wanted:
                left_out.append(f"{file.name} is not attached: it has {file.bytes:,} bytes.")
        pictures = []
        for file in [one for one in files if one.name.endswith(".png")][:MOST_PICTURES]:
            if file.bytes <= left:
                left -= file.bytes
                name = file.name.removesuffix(".png").replace("_", " ")
                pictures.append(Picture(name=file.name, alt=f"Chart: {name}", data=self._read(file)))
        return tuple(pictures), tuple(attachments), tuple(left_out)

    def _read(self, file: StoredArtifact) -> bytes:
        return b"".join(self._reports.read(file))


def _attached(file: StoredArtifact, data: bytes) -> Attachment:
    return Attachment(name=file.name, media_type=_TYPES[file.name.rpartition(".")[2]], data=data)

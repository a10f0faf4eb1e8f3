"""Dataset kind ``installs``: downloads of Python projects, one by one or summed up, by day."""

from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from app.flow.install_classes import InstallClass, Installers, classes_of
from app.ids import made_at
from app.ingest.column_types import COUNT, DATE, INSTANT, PROJECT, SHORT_TEXT, TRUTH
from app.ingest.dates import refuse
from app.ingest.keys import KeyIds
from app.ingest.kind import Column, Coverage, Covers, DatasetKind, Rows, WrongRow
from app.series import entities, installs, new_entities
from app.storage.csv_copy import copy_rows
from app.timeline import DAY
from app.wording.warnings import DataWarning, warning

_EPOCH: Final = date(1970, 1, 1)


class InstallLoading:
    """Sums up installs by project, day and class, then replaces the days that the file tells of."""

    def __init__(self, connection: Connection, dataset_id: str) -> None:
        self._connection = connection
        self._dataset_id = dataset_id
        self._coverage = Coverage()
        self._projects = KeyIds(connection, entities.PROJECT)
        self._warnings: list[DataWarning] = []
        self._rows = 0
        self._others_alone = True
        installs.stage(connection)

    def cover(self, coverage: Coverage) -> None:
        self._coverage = coverage

    def add(self, rows: Rows) -> None:
        if not len(rows):
            return
        day = _days(rows)
        installer, version, ci = (_optional(rows, name) for name in ("installer", "installer_version", "ci"))
        classes = classes_of(Installers(installer, version, ci, day))
        self._rows += len(rows)
        self._others_alone = self._others_alone and bool((classes == InstallClass.OTHER.value).all())
        count = _optional(rows, "count")
        each = pa.table(
            {
                "entity_id": pa.array(self._projects.of(rows.columns["project"])),
                "day": pa.array(day, pa.int32()).cast(pa.date32()),
                "class": pa.array(classes.tolist(), pa.string()),
                "n": pa.array(np.where(count == None, 1, count).astype(np.int64)),  # noqa: E711 - element by element
                "rows": pa.array(np.ones(len(rows), np.int64)),
            }
        )
        sums = each.group_by(["entity_id", "day", "class"], use_threads=False).aggregate(
            [("n", "sum"), ("rows", "sum")]
        )
        copy_rows(self._connection, installs.STAGED, sums.rename_columns({"n_sum": "n", "rows_sum": "rows"}))

    def merge(self) -> int:
        new_entities.write_rows(self._connection, installs.STAGED, "entity_id")
        arrived = made_at(self._dataset_id)
        until = date.max if arrived is None else arrived.date()
        if arrived is not None:
            self._look_at_late_days(until)
        told = installs.replace(self._connection, self._telling(until))
        if told.lost:
            self._warnings.append(warning("counts_replaced", len(told.lost), told.lost, source=self._coverage.source))
        if self._rows and self._others_alone:
            self._warnings.append(warning("no_installer", self._rows, ()))
        return told.rows

    def remove(self) -> int:
        new_entities.settle(self._connection, installs.STAGED, "entity_id")
        return installs.remove(self._connection, self._dataset_id)

    def warnings(self) -> tuple[DataWarning, ...]:
        return tuple(self._warnings)

    def _telling(self, until: date) -> installs.Telling:
        days = self._coverage.days
        return installs.Telling(
            dataset_id=self._dataset_id,
            source=self._coverage.source,
            is_named=self._coverage.covers is Covers.NAMED,
            days=None if days is None else (_day(days[0]), _day(days[1])),
            until=until,
        )

    def _look_at_late_days(self, today: date) -> None:
        late = installs.days_from(self._connection, today)
        future = [day for day, _ in late if day > today + timedelta(days=1)]
        refuse(
            "installs",
            [f"  {day} has not come yet; the file arrived on {today}. Correct the dates." for day in future[:5]],
        )
        if late:
            rows = sum(count for _, count in late)
            self._warnings.append(warning("days_not_over", rows, [str(day) for day, _ in late]))


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)


def _days(rows: Rows) -> npt.NDArray[np.int64]:
    """The UTC day of each row, days since 1970-01-01."""
    if "date" in rows.columns:
        return rows.columns["date"].array().astype(np.int64)
    return np.floor_divide(rows.columns["timestamp"].array().astype(np.int64), DAY)


def _optional(rows: Rows, name: str) -> npt.NDArray[np.object_]:
    if name not in rows.columns:
        return np.full(len(rows), None, object)
    return rows.columns[name].array().astype(object)


INSTALLS = DatasetKind(
    name="installs",
    summary="one row per download of a project, or per project and day with a count",
    columns=(
        Column("project", PROJECT, example="napari"),
        Column("timestamp", INSTANT, example="2024-11-01T19:30:00Z"),
        Column("date", DATE, example="2024-11-01", instead_of="timestamp"),
        Column("installer", SHORT_TEXT, example="pip", required=False),
        Column("installer_version", SHORT_TEXT, example="24.2", required=False),
        Column("ci", TRUTH, example="true", required=False),
        Column("version", SHORT_TEXT, example="0.5.4", required=False),
        Column("country_code", SHORT_TEXT, example="DE", required=False),
        Column("count", COUNT, example="12", required=False),
    ),
    loading=InstallLoading,
    instant="timestamp",
    observed=True,
    by_dataset=True,
    is_counts=True,
    documentation="""
        Downloads of Python projects from public statistics: one row per download, or one per day with the number in
        `count`, which is 1 by default. Identical rows all count. Days are in UTC. Names of projects are normalised:
        `Napari_SVG` is `napari-svg`.

        A file is taken to be complete for the days on which it has rows: it replaces everything that its `source`
        reported for these days before. So loading a file again changes nothing, and a corrected file leaves no old
        counts behind. A project without a row has 0 on such a day. `source` is `files` unless an option names another.
        Load a file that covers only the projects that it names with `covers` = `named`: then it is complete, for each
        of its projects, for the days on which that project has a row, and says nothing about other projects. If two
        files cover the same day, the one that arrived last counts, whichever was loaded last. With `covers_from` and
        `covers_to`, the file also covers the days between them that have no row, and counts them as 0. The day on which
        a file arrives is not over, so it is left out, with a warning.

        `installer`, `installer_version` and `ci` determine the class of an install; `version` and `country_code` are
        checked but not stored. An empty `ci` means that the installer did not report it.
    """,
    wrong=WrongRow("count", "-1", "bad_number"),
)

"""The review-time samples: files that were sent by tus under an id of the client's, their statistics and charts.

A sample is a dataset of kind ``review_times`` that is followed by a report; see app/catalogue/samples.py.
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Final
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.access.scopes import Scope
from app.catalogue.samples import Sample, SampleService, SampleStatus
from app.reports.kind import SUMMARY
from app.reports.service import ReportService
from app.routers.answers import UNAUTHORISED, UNAVAILABLE, UNPROCESSABLE
from app.routers.compat.enabled import require_enabled
from app.routers.dependencies import AskingStore, Reports, Samples
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(
    prefix="/api/v1",
    tags=["compatibility"],
    responses=UNAVAILABLE | UNPROCESSABLE | UNAUTHORISED,
    dependencies=[Depends(require_enabled), Depends(require_known_query)],
)

#: Samples that one answer has at most: the summary of each is read from S3.
MOST: Final = 100

#: The last sample that can be asked for; so many would take longer to skip than a client waits.
MOST_SKIPPED: Final = 1_000_000

#: Names of the plots in the founding system, by those of our charts; in its order.
_PLOTS: Final = {
    "merge_time_per_team_without_outliers": "merge_time_distribution_no_outliers_violin_plot",
    "review_time_per_team_without_outliers": "review_time_distribution_no_outliers_violin_plot",
    "merge_time_per_team": "merge_time_distribution_with_outliers_violin_plot",
    "review_time_per_team": "review_time_distribution_with_outliers_violin_plot",
    "pull_requests_per_team_without_outliers": "num_prs_by_team_no_outliers_pie_chart_plot",
    "pull_requests_per_team": "num_prs_by_team_with_outliers_pie_chart_plot",
    "mean_times_per_team_without_outliers": "mean_time_no_outliers_stacked_bar_plot",
    "mean_times_per_team": "mean_time_with_outliers_stacked_bar_plot",
}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


#: Null where no row has a value.
_Seconds = Annotated[float | None, AfterValidator(_rounded)]


class _OfSummary(BaseModel):
    """A part of the summary of a report, which has more than the founding system told."""

    model_config = ConfigDict(extra="ignore")


class SampleInterval(_OfSummary):
    """First and last date at 00:00; null without any."""

    begin: str | None
    end: str | None


class SampleTimes(_OfSummary):
    """Seconds, to one decimal; null where no row has a value."""

    review_time: _Seconds
    merge_time: _Seconds
    total_time: _Seconds


class SampleFigures(_OfSummary):
    """Figures of some rows."""

    mean: SampleTimes
    mode: SampleTimes = Field(description="The smallest of equally frequent values.")
    median: SampleTimes
    count: int = Field(description="Rows.")


class SampleMissingValues(_OfSummary):
    """Rows without a value, by column."""

    review_time: int
    merge_time: int
    date: int
    team: int


class SampleReport(_OfSummary):
    """The statistics of a sample."""

    total_num_observations: int
    teams: list[str]
    date_interval: SampleInterval
    stats: SampleFigures
    per_team: dict[str, SampleFigures]
    num_prs_without_review: int = Field(description="Rows whose review time is 0.")
    num_prs_without_ci: int = Field(description="Rows whose merge time is 0.")
    num_missing_values: SampleMissingValues


class SampleStatistics(BaseModel):
    """The statistics, with an id."""

    report: SampleReport
    id: UUID


class Plot(BaseModel):
    """A picture."""

    file_name: str
    url: str = Field(description="Link to the picture.")
    id: UUID


class Visualization(BaseModel):
    """The pictures, with an id."""

    id: UUID
    plots: list[Plot] = Field(description="Up to eight; charts that would be empty are not made.")


class SampleRead(BaseModel):
    """A sample."""

    started_upload_at: datetime
    finished_upload_at: datetime | None = Field(description="Null until the whole file has arrived.")
    status: SampleStatus
    upload_id: UUID = Field(description="As the sender gave it.")
    file_name: str = Field(description="Name that the sender gave, otherwise the id of its dataset.")
    parsing_error: str | None = Field(description="Why it has failed.")
    id: UUID
    summary_statistics: SampleStatistics | None = Field(description="Null until it is done.")
    visualization: Visualization | None = Field(description="Null until it is done.")


class SampleList(BaseModel):
    """Samples, newest first."""

    sample_reads: list[SampleRead]


@router.get("/samples")
@needs(Scope.REPORTS_READ)
async def list_samples(
    samples: Samples,
    reports: Reports,
    threads: AskingStore,
    skip: Annotated[int, Query(ge=0, le=MOST_SKIPPED, description="Number of the newest samples to skip.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Samples at most.")] = 10,
    upload_id: Annotated[UUID | None, Query(description="Only samples that were sent with this id.")] = None,
) -> SampleList:
    """Samples of review times, newest first, with their statistics and pictures."""
    return await threads.run(partial(_read, samples, reports, skip=skip, limit=limit, upload_id=upload_id))


def _read(
    samples: SampleService, reports: ReportService, *, skip: int, limit: int, upload_id: UUID | None
) -> SampleList:
    found = samples.page(skip=skip, limit=limit, upload_id=upload_id)
    return SampleList(sample_reads=[_sample(one, reports) for one in found])


def _sample(sample: Sample, reports: ReportService) -> SampleRead:
    record = sample.record
    is_done = sample.status is SampleStatus.DONE
    return SampleRead(
        started_upload_at=record.created_at,
        finished_upload_at=record.uploaded_at,
        status=sample.status,
        upload_id=sample.upload_id,
        file_name=record.filename or record.id,
        parsing_error=sample.error,
        id=UUID(record.id),
        summary_statistics=_statistics(sample, reports) if is_done else None,
        visualization=_visualization(sample) if is_done else None,
    )


def _statistics(sample: Sample, reports: ReportService) -> SampleStatistics:
    summary = next(file for file in sample.files if file.name == SUMMARY)
    content = b"".join(reports.read(summary))
    return SampleStatistics(report=SampleReport.model_validate_json(content), id=_id_of(sample, SUMMARY))


def _visualization(sample: Sample) -> Visualization:
    urls = {picture.artifact.name: picture.url for picture in sample.pictures}
    plots = [
        Plot(file_name=f"{sample.record.id}/{plot}.png", url=urls[f"{chart}.png"], id=_id_of(sample, plot))
        for chart, plot in _PLOTS.items()
        if f"{chart}.png" in urls
    ]
    return Visualization(id=_id_of(sample, "visualization"), plots=plots)


def _id_of(sample: Sample, name: str) -> UUID:
    """The same for the same part of the same report whenever it is asked for."""
    return uuid5(UUID(sample.report_id), name)

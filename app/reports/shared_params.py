"""Parameters that reports have in common, as types of fields."""

from typing import Annotated

from pydantic import Field

#: Which repositories and teams a report is of.
Repos = Annotated[
    list[str] | None, Field(min_length=1, description="Repositories to report. Default: all repositories.")
]
Teams = Annotated[list[str] | None, Field(min_length=1, description="Teams to report. Default: all teams.")]

#: Whose dates a report on teams is divided by.
TeamZone = Annotated[
    str | None,
    Field(
        description="Time zone of local dates: `entity`, each team's own, UTC or an IANA time zone. Default: entity.",
        examples=["Europe/Berlin"],
    ),
]

#: Whether there is a page for people.
Html = Annotated[
    bool,
    Field(
        description="Also make report.html: one page to read, print and mail; includes the charts if they are drawn."
    ),
]

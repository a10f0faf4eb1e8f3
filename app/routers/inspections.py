"""The answer to an inspection of a file."""

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from app.ingest.inspection.inspect import Inspection
from app.routers.answers import with_whole_characters
from app.wording.warnings import in_a_line


class InspectedColumn(BaseModel):
    """What a column seems to be."""

    name: str = Field(description="By which a mapping names it: its name, number or expression.")
    what: str
    examples: list[str]


class Question(BaseModel):
    """What the file does not tell."""

    question: str
    assumed: str | None = Field(description="What the mapping assumes; null if it must be answered first.")


class InspectionAnswer(BaseModel):
    """What a file seems to be; nothing is loaded on it."""

    layout: dict[str, Any] = Field(description="Format, encoding, delimiter and so on, where not the default.")
    columns: list[InspectedColumn]
    kind: str = Field(description="Dataset kind that fits best.")
    mapping: dict[str, Any] | None = Field(description="Proposed mapping.")
    shipped: str | None = Field(description="Name of the shipped mapping that it is; null if it is guessed.")
    missing: list[str] = Field(description="Columns of the kind that nothing fits.")
    questions: list[Question]
    rows: list[dict[str, Any]] = Field(description="The first rows as they would be read.")
    rejections: list[str] = Field(description="What is wrong in the rows that were looked at.")
    warnings: list[str] = Field(description="What is probably not meant in rows that are valid.")
    may_be_accepted: bool = Field(description="Whether the mapping can be used as it is.")


def inspection_answer(found: Inspection) -> InspectionAnswer:
    """The same for JSON."""
    answer = InspectionAnswer(
        layout=dict(found.layout.document),
        columns=[InspectedColumn(name=one.name, what=one.what, examples=list(one.examples)) for one in found.columns],
        kind=found.proposal.kind,
        mapping=None if found.proposal.document is None else dict(found.proposal.document),
        shipped=found.proposal.shipped,
        missing=list(found.proposal.missing),
        questions=[Question(question=text, assumed=assumed or None) for text, assumed in found.proposal.questions],
        rows=[dict(row) for row in found.rows],
        rejections=[str(one) for one in found.rejections],
        warnings=[in_a_line(asdict(one)) for one in found.warnings],
        may_be_accepted=found.may_be_accepted,
    )
    return InspectionAnswer.model_validate(with_whole_characters(answer.model_dump()))

"""Warnings as answers show them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field


class Warned(BaseModel):
    """Something that is probably not meant, although nothing is wrong."""

    code: str = Field(description="Stable code, for programs.")
    message: str = Field(description="For people.")
    count: int = Field(description="How many cases there are.")
    examples: list[str] = Field(description="Up to five of them.")

    @classmethod
    def all_of(cls, told: Sequence[Mapping[str, Any]] | None) -> list["Warned"]:
        """The warnings as they are stored; None for records of an earlier version."""
        return [cls.model_validate(one) for one in told or ()]

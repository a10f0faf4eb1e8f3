"""List named mappings, view one, store a new version, remove one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from pydantic import BaseModel, Field

from app.access.scopes import Scope
from app.catalogue.mappings import NamedMapping
from app.routers.answers import NOT_FOUND, TOO_LARGE, UNAVAILABLE, UNPROCESSABLE
from app.routers.dependencies import Mappings
from app.routers.malformed import require_known_query
from app.routers.needs import needs

router = APIRouter(
    tags=["mappings"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)

_Name = Annotated[str, Path(description="Name of a mapping.", examples=["uptime-kuma"])]


class MappingAnswer(BaseModel):
    """A mapping that has a name."""

    name: str
    version: int = Field(description="Counted from 1; 0 is the shipped one.")
    kind: str = Field(description="Dataset kind of its rows.")
    document: dict[str, Any]
    created_at: datetime | None = Field(description="When this version was stored; null if it is shipped.")


class MappingList(BaseModel):
    """The latest version of each mapping, by name."""

    mappings: list[MappingAnswer]


@router.get("/mappings")
@needs(Scope.DATA_READ)
def list_mappings(mappings: Mappings) -> MappingList:
    """The latest version of each mapping, by name."""
    return MappingList(mappings=[_answer(one) for one in mappings.list()])


@router.get("/mappings/{name}", responses=NOT_FOUND)
@needs(Scope.DATA_READ)
def get_mapping(
    mappings: Mappings,
    name: _Name,
    version: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Default: the latest one.")] = None,
) -> MappingAnswer:
    """A mapping of this name."""
    return _answer(mappings.get(name, version))


@router.put("/mappings/{name}", responses=TOO_LARGE)
@needs(Scope.DATA_WRITE)
def put_mapping(
    mappings: Mappings, name: _Name, document: Annotated[dict[str, Any], Body(description="The mapping.")]
) -> MappingAnswer:
    """Store a mapping as a new version; one that equals the latest version changes nothing."""
    return _answer(mappings.put(name, document))


@router.delete("/mappings/{name}", status_code=204, responses=NOT_FOUND)
@needs(Scope.DATA_WRITE)
def delete_mapping(mappings: Mappings, name: _Name) -> Response:
    """Remove all stored versions of a mapping; datasets keep the mapping with which they were read."""
    mappings.remove(name)
    return Response(status_code=204)


def _answer(one: NamedMapping) -> MappingAnswer:
    return MappingAnswer(
        name=one.name,
        version=one.version,
        kind=str(one.document["kind"]),
        document=dict(one.document),
        created_at=one.created_at,
    )

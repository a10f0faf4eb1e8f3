"""The repositories of a source in Postgres, by their numbers; and their entities when they are renamed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.sources.contract import Found, KnownRepository, Repository
from app.sources.tables import source_repository

#: States in which the streams of a repository are read; an empty one may be pushed to at any time.
READ: Final = ("ok", "empty")

# Renames may be swapped: all of them let go of their names before the first takes its new one. The name is no text that
# a file or an API may hold.
_LET_GO: Final = text("UPDATE entity SET key = E'\\x01' || id WHERE id = ANY(:ids)")

_TAKE: Final = text("""
    UPDATE entity SET key = :name WHERE id = :id
    AND NOT EXISTS (SELECT FROM entity AS other WHERE other.kind = 'repository' AND other.key = :name)
""")

_LINK: Final = text("""
    UPDATE source_repository SET entity_id = entity.id FROM entity
    WHERE source_id = :source_id AND entity.kind = 'repository' AND entity.key = full_name
        AND entity_id IS DISTINCT FROM entity.id
""")


@dataclass(frozen=True, slots=True)
class Renamed:
    """A repository that is called otherwise now; ``is_taken``: by a name that others' rows have already."""

    before: str
    after: str
    is_taken: bool


def known(connection: Connection, source_id: str) -> list[KnownRepository]:
    """All that a source has ever found."""
    of = source_repository.c
    columns = (of.repo_id, of.full_name, of.default_branch, of.pushed_at, of.chosen_as, of.state, of.seen_at)
    return [
        KnownRepository(Repository(*row[:5]), row.state in READ, row.seen_at)
        for row in connection.execute(select(*columns).where(of.source_id == source_id))
    ]


def to_read(connection: Connection, source_id: str) -> list[Repository]:
    """Those whose streams are read, by number."""
    query = select(source_repository).where(
        source_repository.c.source_id == source_id, source_repository.c.state.in_(READ)
    )
    return [
        Repository(row.repo_id, row.full_name, row.default_branch, row.pushed_at, row.chosen_as)
        for row in connection.execute(query.order_by(source_repository.c.repo_id))
    ]


def keep(connection: Connection, source_id: str, found: Found) -> list[Renamed]:
    """Write what was found; entities of renamed repositories get the new names. Returns what was renamed."""
    before = _rows(connection, source_id)
    renamed = [one for one in found.repositories if one.number in before and before[one.number].full_name != one.name]
    _make_way(connection, source_id, before, found)
    told = _rename(connection, before, renamed)
    for one in found.repositories:
        _write(connection, source_id, one, is_new=one.number not in before)
    for number, (state, _) in found.absent.items():
        set_state(connection, source_id, number, state)
    link(connection, source_id)
    return told


def set_state(connection: Connection, source_id: str, number: int, state: str) -> None:
    """Say whether a repository is read, or why not."""
    of = source_repository.c
    statement = update(source_repository).where(of.source_id == source_id, of.repo_id == number, of.state != state)
    connection.execute(statement.values(state=state, state_since=func.now()))


def link(connection: Connection, source_id: str) -> None:
    """Note the entities whose names the repositories have."""
    connection.execute(_LINK, {"source_id": source_id})


def _make_way(connection: Connection, source_id: str, before: Mapping[int, Any], found: Found) -> None:
    """Take their names from repositories that are not there any more, where another one has them now.

    Else the rows of both would be those of one repository, and of the same number the later row would win.
    """
    owners = {one.name: one.number for one in found.repositories}
    there = set(owners.values())
    for number, row in before.items():
        if number not in there and row.full_name in owners:
            name = f"{row.full_name} (number {number})"
            if row.entity_id is not None:
                connection.execute(_TAKE, {"name": name, "id": row.entity_id})
            of = source_repository.c
            statement = update(source_repository).where(of.source_id == source_id, of.repo_id == number)
            connection.execute(statement.values(full_name=name))


def _rename(connection: Connection, before: Mapping[int, Any], renamed: Sequence[Repository]) -> list[Renamed]:
    ids = {one.number: before[one.number].entity_id for one in renamed}
    connection.execute(_LET_GO, {"ids": [entity for entity in ids.values() if entity is not None]})
    told = []
    for one in renamed:
        entity, old = ids[one.number], before[one.number].full_name
        is_taken = False
        if entity is not None and connection.execute(_TAKE, {"name": one.name, "id": entity}).rowcount == 0:
            # Rows of a file or of another source have the name: from now on ours join them, and what was read before
            # keeps the old one, or, if that is another's by now, one that says so.
            is_taken = True
            for name in (old, f"{old} (until {one.name})", f"{old} (number {one.number})"):
                if connection.execute(_TAKE, {"name": name, "id": entity}).rowcount:
                    break
        told.append(Renamed(old, one.name, is_taken))
    return told


def _rows(connection: Connection, source_id: str) -> Mapping[int, Any]:
    query = select(source_repository).where(source_repository.c.source_id == source_id)
    return {row.repo_id: row for row in connection.execute(query)}


def _write(connection: Connection, source_id: str, one: Repository, *, is_new: bool) -> None:
    values = {
        "full_name": one.name,
        "default_branch": one.default_branch,
        "pushed_at": one.pushed_at,
        "chosen_as": one.chosen_as,
    }
    statement = insert(source_repository).values(source_id=source_id, repo_id=one.number, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["source_id", "repo_id"], set_={**values, "seen_at": func.now()})
    )
    if not is_new:
        of = source_repository.c
        again = update(source_repository).where(
            of.source_id == source_id, of.repo_id == one.number, of.state.not_in(READ)
        )
        connection.execute(again.values(state="ok", state_since=func.now()))

"""Objects that pieces leave behind are removed, and only those."""

from contextlib import suppress

from app.errors import ObjectStoreUnavailable
from app.jobs import lifecycle
from app.jobs.cleanup import clean_up
from app.pieces.objects import run_prefix
from app.replica.piece_files import PIECE_FILES
from app.storage.resources import Resources
from tests.jobs.claims import claimed, create


def keys(resources: Resources) -> set[str]:
    return {item.key for page in resources.object_store.pages("") for item in page}


def test_what_a_run_leaves_is_removed_when_it_ends_however_it_ends(resources: Resources) -> None:
    store = resources.object_store
    store.put_bytes(b"x", "pieces/other/run/object", media_type="text/plain")
    with suppress(ObjectStoreUnavailable), run_prefix(store, "job") as prefix, run_prefix(store, "job") as second:
        assert prefix.startswith("pieces/job/")
        assert prefix != second
        store.put_bytes(b"x", f"{prefix}object", media_type="text/plain")
        raise ObjectStoreUnavailable("away")
    assert keys(resources) == {"pieces/other/run/object"}


def test_the_clean_up_removes_old_objects_of_jobs_that_have_ended(resources: Resources) -> None:
    with resources.engine.begin() as connection:
        queued = create(connection)
        ended = claimed(connection)
        lifecycle.fail(connection, ended, code="x", message="y")
    kept = {f"pieces/{queued}/run/object", "pieces/readme", "other/object"}
    gone = {f"pieces/{ended.id}/run/object", "pieces/unknown/run/object"}
    for key in kept | gone:
        resources.object_store.put_bytes(b"x", key, media_type="text/plain")
    clean_up(resources, {}, prefixes=[PIECE_FILES])
    assert keys(resources) == kept | gone
    clean_up(resources, {}, prefixes=[PIECE_FILES], orphan_hours=-1)
    assert keys(resources) == kept

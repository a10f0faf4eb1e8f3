"""What the fork server does once, after its imports, so that no process of a job has to do it again.

The first client of S3 in a process parses the model of its API, which takes it a sixth of a second. The first engine
imports the dialect of Postgres and its driver, which takes it five milliseconds, a tenth of a small job.
"""

from contextlib import suppress

from app.storage.object_store import ObjectStore, StoreAddress
from app.storage.postgres import build_engine


def _warm_up() -> None:
    """Make both and forget them: they connect to nothing, and look for no credentials because they have some."""
    build_engine("postgresql://none@127.0.0.1:1/none", pool_size=1).dispose()
    nowhere = StoreAddress("none", "us-east-1", "http://127.0.0.1:1", access_key="none", secret_key="none")  # noqa: S106
    ObjectStore(nowhere).close()


with suppress(Exception):  # what is wrong with the variables of AWS is told by the job that needs a client
    _warm_up()

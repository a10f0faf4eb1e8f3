"""What the fork server does once, after its imports, so that no process of a job has to do it again.

The first client of S3 in a process parses the model of its API, which takes it a sixth of a second.
"""

from contextlib import suppress

from app.storage.object_store import ObjectStore, StoreAddress


def _warm_up() -> None:
    """Make a client and forget it: it connects to nothing, and looks for no credentials because it has some."""
    nowhere = StoreAddress("none", "us-east-1", "http://127.0.0.1:1", access_key="none", secret_key="none")  # noqa: S106
    ObjectStore(nowhere).close()


with suppress(Exception):  # what is wrong with the variables of AWS is told by the job that needs a client
    _warm_up()

"""What the fork server has done already, the processes of jobs need not do."""

import subprocess
import sys

import pytest

from tests.commands import REPOSITORY

#: Makes a store, and tells whether the model of S3 was read from a file for it.
PROGRAM = """
import importlib
import botocore.loaders

read = []
load = botocore.loaders.JSONFileLoader.load_file
botocore.loaders.JSONFileLoader.load_file = lambda self, path: (read.append(path), load(self, path))[1]
importlib.import_module("app.jobs.warm")
print(any("service-2" in path for path in read))
read.clear()
from app.storage.object_store import ObjectStore, StoreAddress
try:
    ObjectStore(StoreAddress("b", "us-east-1", "http://127.0.0.1:1", access_key="k", secret_key="s"))
except Exception as error:
    print(type(error).__name__)
print(read)
"""


@pytest.mark.parametrize(
    ("variables", "told"), [({}, ["True", "[]"]), ({"AWS_PROFILE": "nobody"}, ["False", "ProfileNotFound", "[]"])]
)
def test_a_client_of_s3_reads_no_model_again_and_a_wrong_profile_is_the_jobs_to_tell(
    variables: dict[str, str], told: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        env={"PATH": "", "HOME": "/nonexistent"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines() == told, done.stderr


def test_a_process_of_a_job_collects_what_it_leaves_though_the_fork_server_does_not() -> None:
    program = """
import gc
import app.jobs.preload
from app.jobs import child
from app.settings import Settings
from app.storage.object_store import StoreAddress

print(gc.isenabled())
child.give_way = lambda: None
store = StoreAddress("none", "us-east-1", None)
child._prepare(child.Surroundings("postgresql://127.0.0.1:1/none", Settings(), "here", store))
print(gc.isenabled())
"""
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.splitlines() == ["False", "True"]


#: Makes an engine, and tells what was imported for it.
ENGINE = """
import sys
import app.jobs.warm
from app.storage.postgres import build_engine
known = set(sys.modules)
build_engine("postgresql://openhours@127.0.0.1:1/openhours", pool_size=1)
print(sorted(set(sys.modules) - known))
"""


@pytest.mark.parametrize("variables", [{}, {"AWS_PROFILE": "nobody"}])
def test_an_engine_imports_nothing_more(variables: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENGINE],
        cwd=REPOSITORY,
        env={"PATH": "", "HOME": "/nonexistent"} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"

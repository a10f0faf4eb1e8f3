"""The image is built as it should be; what it does when it runs is tried by hand, see docs/deployment.md."""

import json
import re
import subprocess
import sys
from pathlib import Path

from app import __version__
from tests.commands import REPOSITORY

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
BUILDER, FINAL = DOCKERFILE.split("\n\n\n")


def instruction(name: str) -> str:
    (found,) = re.findall(rf"^{name} (.*)$", FINAL, re.MULTILINE)
    return str(found)


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, REPOSITORY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_both_stages_start_from_the_same_exact_version() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])
    assert f'base.name="docker.io/library/{bases[0]}"' in FINAL


def test_packages_are_wheels_with_the_hashes_of_production_only() -> None:
    assert "--require-hashes" in BUILDER
    assert "--only-binary :all:" in BUILDER
    assert re.findall(r"requirements\S*\.txt", BUILDER.split("WORKDIR")[0])[0] == "requirements${EXTRA}.txt"
    assert 'ARG EXTRA=""' in BUILDER
    assert not re.search(r"requirements-(?!build\b)\w+", DOCKERFILE)


def test_nothing_is_run_or_installed_in_the_final_stage() -> None:
    assert not re.search(r"^(RUN|ADD) ", FINAL, re.MULTILINE)
    assert all(line.startswith("COPY --from=builder ") for line in FINAL.splitlines() if line.startswith("COPY"))


def test_the_user_is_a_number_and_not_root() -> None:
    assert instruction("USER") == "10001:10001"


def test_the_program_is_process_one() -> None:
    assert json.loads(instruction("ENTRYPOINT")) == ["openhours"]
    assert json.loads(instruction("CMD")) == ["serve"]


def test_the_label_says_this_version() -> None:
    assert f'org.opencontainers.image.version="{__version__}"' in FINAL


def test_only_the_program_reaches_the_builder() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    builders = [BUILDER.replace("${EXTRA}", extra) for extra in ("", "-oidc", "-cluster")]
    assert allowed == {name for one in builders for name in re.findall(r"^COPY (\S+) ", one, re.MULTILINE)}

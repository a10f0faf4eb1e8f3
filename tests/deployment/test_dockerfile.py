"""The image is built as it should be; what it does when it runs is tried by hand, see docs/deployment.md."""

import json
import os
import re
import shutil
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


def labels() -> dict[str, str]:
    return dict(re.findall(r'org\.opencontainers\.image\.([\w.]+)="([^"]*)"', FINAL))


def test_the_labels_are_those_of_oci() -> None:
    known = {"created", "authors", "url", "documentation", "source", "version", "revision", "vendor", "licenses"}
    known |= {"ref.name", "title", "description", "base.digest", "base.name"}
    assert {"title", "description", "version", "licenses", "vendor", "revision", "source", "created"} <= set(labels())
    assert set(labels()) <= known
    assert labels()["licenses"] == "MIT"


def test_what_a_release_says_of_itself_is_given_to_the_build() -> None:
    arguments = set(re.findall(r"(\w+)=\"\"", instruction("ARG")))
    assert {value[2:-1] for value in labels().values() if value.startswith("${")} == arguments
    page = (REPOSITORY / "docs/releasing.md").read_text(encoding="utf-8")
    for name in arguments:
        assert f'--build-arg "{name}=' in page
    assert "--build-arg SOURCE_DATE_EPOCH " in page


def test_labels_that_change_with_each_commit_change_no_layer() -> None:
    assert "COPY" not in FINAL.partition("\nARG ")[2]


def test_bytecode_is_compiled_after_the_time_of_the_release_is_known() -> None:
    assert BUILDER.index("\nARG SOURCE_DATE_EPOCH\n") < BUILDER.index("--compile")


def test_the_base_that_a_release_pins_is_the_base() -> None:
    (base, _) = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    page = (REPOSITORY / "docs/releasing.md").read_text(encoding="utf-8")
    assert f'--build-context "{base}=docker-image://{base}@$(cat base-digest)"' in page


def test_the_same_sources_make_the_same_wheel_whatever_their_times_are(tmp_path: Path) -> None:
    wheels = [wheel_of(tmp_path / name, seconds) for name, seconds in (("one", 1_000_000_000), ("two", 1_700_000_000))]
    assert wheels[0] == wheels[1]


def wheel_of(folder: Path, seconds: int) -> bytes:
    """The wheel of a copy of the checkout whose files have another time."""
    for name in ("app", "openhours", "sample_data"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, folder)
    for path in folder.rglob("*"):
        os.utime(path, (seconds, seconds))
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder / "dist")]
    epoch = {"SOURCE_DATE_EPOCH": "1790000000"}
    subprocess.run(command, cwd=folder, env=os.environ | epoch, check=True, capture_output=True)
    (wheel,) = (folder / "dist").iterdir()
    return wheel.read_bytes()


def test_only_the_program_reaches_the_builder() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    builders = [BUILDER.replace("${EXTRA}", extra) for extra in ("", "-oidc", "-cluster")]
    assert allowed == {name for one in builders for name in re.findall(r"^COPY (\S+) ", one, re.MULTILINE)}

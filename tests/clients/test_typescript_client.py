"""Types generated from the OpenAPI document for TypeScript: right calls compile, wrong ones do not."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from app.storage.resources import Resources
from app.web.application import create_app

HERE = Path(__file__).parent / "typescript"

#: Longest that one of the two tools may take, seconds.
LIMIT_SECONDS = 80


@pytest.fixture
def folder(untouched: Resources, tmp_path: Path) -> Path:
    """A folder with a caller and the types that were generated for it. Skips without Node, but not in CI."""
    if shutil.which("node") is None and "CI" not in os.environ:
        pytest.skip("Node is not installed")
    assert (HERE / "node_modules").is_dir(), "run: make setup"
    for name in ("use.ts", "tsconfig.json", "package.json"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    document = create_app(untouched, slots=0).openapi()
    (tmp_path / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    made = run(tmp_path, "openapi-typescript", "--default-non-nullable=false", "openapi.json", "-o", "generated/api.ts")
    assert made.returncode == 0, made.stderr
    return tmp_path


def run(folder: Path, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "node_modules" / ".bin" / tool, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def test_right_calls_compile_and_wrong_ones_do_not(folder: Path) -> None:
    use = folder / "use.ts"
    # What is expected to be an error, as a comment above it says, is an error when it is none.
    use.write_text(use.read_text(encoding="utf-8") + "\n// @ts-expect-error: nothing is wrong\nrightTriggers();\n")
    compiled = run(folder, "tsc", "--project", ".")
    errors = [line for line in compiled.stdout.splitlines() if "error TS" in line]
    assert len(errors) == 1, compiled.stdout
    assert "TS2578: Unused '@ts-expect-error' directive." in errors[0]

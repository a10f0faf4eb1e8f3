"""Requests made up from the OpenAPI document of a running service, the same in every run."""

import subprocess
import sys
from pathlib import Path

#: Longest that all of them may take, seconds; usual is a fifth of it.
LIMIT_SECONDS = 170

#: Longest that one of them may take, seconds: on a busy machine a picture takes more than the tool's own ten.
ANSWER_SECONDS = 60


def sent(address: str, folder: Path, *options: str, configuration: str = "") -> subprocess.CompletedProcess[str]:
    """Send them, from a folder where the tool may write; its exit code is 0 if nothing was found."""
    file = folder / "schemathesis.toml"
    file.write_text(configuration)
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(file)),
            *("run", f"{address}/openapi.json"),
            *("--generation-deterministic", "--continue-on-failure", "--no-color", *options),
            *("--request-timeout", str(ANSWER_SECONDS)),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )

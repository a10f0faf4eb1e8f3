"""Copies the files of others that the console's pages load, as their packages ship them: ``python -m tests.vendor``.

Versions are those of ``tests/console/vendor/package-lock.json``; npm checks what it downloads against the hashes there.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).parent.parent
LOCKED: Final = ROOT / "tests" / "console" / "vendor"
SHIPPED: Final = ROOT / "app" / "console" / "static" / "vendor"

#: Of each package the file that pages load.
FILES: Final = {
    "@picocss/pico": "css/pico.min.css",
    "htmx.org": "dist/htmx.min.js",
    "tus-js-client": "dist/tus.min.js",
    "vega": "build/vega.min.js",
    "vega-embed": "build/vega-embed.min.js",
    "vega-lite": "build/vega-lite.min.js",
}

#: What only tests load, of development's packages.
FOR_TESTS: Final = {"axe-core": "axe.min.js"}

RECORD: Final = "VERSIONS.json"


def fetched(folder: Path) -> Path:
    """The packages, in a folder of their own."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, folder)
    command = ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "node_modules"


def copy(modules: Path, files: dict[str, str], to: Path) -> None:
    """Copy files with the licences of their packages, and write down what they are."""
    to.mkdir(parents=True, exist_ok=True)
    record = []
    for package, path in files.items():
        about = json.loads((modules / package / "package.json").read_text("utf-8"))
        source = modules / package / path
        shutil.copyfile(source, to / source.name)
        licence = next(one for one in sorted((modules / package).iterdir()) if one.name.upper().startswith("LICENSE"))
        licence_name = f"{source.name.partition('.')[0]}.LICENSE.txt"
        shutil.copyfile(licence, to / licence_name)
        record.append(
            {
                "file": source.name,
                "package": package,
                "version": about["version"],
                "licence": about["license"],
                "licence_file": licence_name,
                "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            }
        )
    text = json.dumps(sorted(record, key=lambda one: str(one["file"])), indent=2)
    (to / RECORD).write_text(text + "\n", encoding="utf-8")


def main() -> None:
    with TemporaryDirectory() as folder:
        modules = fetched(Path(folder))
        copy(modules, FILES, SHIPPED)
        copy(modules, FOR_TESTS, LOCKED)
    sys.stdout.write(f"{len(FILES) + len(FOR_TESTS)} files are those of {LOCKED.relative_to(ROOT)}/package-lock.json\n")


if __name__ == "__main__":
    main()

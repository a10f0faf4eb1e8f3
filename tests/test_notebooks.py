"""The notebooks run from top to bottom against servers of their own, and can be read where nothing runs.

``.venv/bin/python -m tests.test_notebooks`` runs them and writes their outputs into them, to be committed.
"""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))

#: Seconds that a cell may take; the slowest, which loads three files, takes some ten.
CELL_SECONDS = 60

#: Bytes of a notebook with its outputs, so that a code host still shows it.
LARGEST = 1_000_000

#: Folders of somebody's machine.
PLACES = re.compile(r"/(home|root|tmp|Users|var|work)/")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def execute(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Run every cell, in place; times are not recorded, so that the same outputs are the same file."""
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=CELL_SECONDS, record_timing=False, resources=resources).execute()


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.walkthrough
@each_notebook
def test_every_cell_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "OPENHOURS_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        cell.execution_count = None
    execute(notebook, path.parent)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "agree" in cells[-1].outputs[0].text


@each_notebook
def test_it_is_committed_with_small_outputs_that_name_no_machine(path: Path) -> None:
    assert path.stat().st_size < LARGEST
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    for output in outputs:
        assert output.output_type in ("stream", "display_data", "execute_result")
        texts = {kind: text for kind, text in output.get("data", {}).items() if kind != "image/png"}
        assert not PLACES.search(f"{output.get('text', '')}{texts}")


if __name__ == "__main__":
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        execute(notebook, path.parent)
        nbformat.write(notebook, path)

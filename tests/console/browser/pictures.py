"""Which pages docs/console.md shows, and under which names their pictures are."""

from pathlib import Path
from typing import Final

from app.console.registry import PAGES

DOCS: Final = Path(__file__).parent.parent.parent.parent / "docs"

#: Of a picture, pixels.
WIDTH: Final = 1280

#: Larger ones would weigh on every clone, bytes.
LARGEST_BYTES: Final = 50_000

#: What has no picture: files, and pieces that pages load.
NONE: Final = ("/progress", "/samples/{name}")


def _picture(path: str) -> Path:
    """Of ``/console/files/{dataset_id}`` it is console-files-dataset-id.png."""
    parts = [part.strip("{}").partition(":")[0] for part in path.removeprefix("/console").split("/") if part]
    return DOCS / "pictures" / f"{'-'.join(['console', *(parts or ['overview'])]).replace('_', '-')}.png"


#: By the paths of pages, where their pictures are.
PICTURES: Final = {
    page.path: _picture(page.path) for pages in PAGES for page in pages.pages if not page.path.endswith(NONE)
}

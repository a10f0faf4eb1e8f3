"""Refuses names that rules of several kinds name, in the same words."""

from app.errors import UnknownDatasetKind
from app.ingest.registry import DATASET_KINDS
from app.wording.suggestions import did_you_mean, suggestions
from app.wording.values import repeated, shown


def require_dataset_kind(name: str) -> None:
    """Raises UnknownDatasetKind."""
    if name not in DATASET_KINDS:
        near = suggestions(name, DATASET_KINDS)
        raise UnknownDatasetKind(
            f"There is no dataset kind {shown(name)}{did_you_mean(near)}.",
            received=repeated(name),
            allowed=list(DATASET_KINDS),
            nearest=near,
        )

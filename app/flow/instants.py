"""The instants of a pull request."""

from typing import Final

#: What may happen to a pull request after it was created, or have happened before, in the order of its columns.
LATER_INSTANTS: Final = (
    *("first_commit_at", "ready_at", "first_review_at", "approved_at", "merged_at", "closed_at", "ci_finished_at"),
)

#: Every instant of a pull request, in the order of its columns.
INSTANTS: Final = ("created_at", *LATER_INSTANTS)

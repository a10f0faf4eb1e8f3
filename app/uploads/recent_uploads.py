"""The uploads as this replica recorded them lately: most pieces come to the replica that took the piece before.

What is kept here may be outdated at any time. Whoever relies on it records by compare-and-set.
"""

from collections import OrderedDict
from typing import Final

from app.uploads.records import Upload

#: Uploads that a replica knows; the record of a large file has thousands of ETags.
MOST: Final = 64


class RecentUploads:
    """Uploads by id; the oldest are given up when there are too many. For the event loop of a replica."""

    def __init__(self) -> None:
        self._uploads: OrderedDict[str, Upload] = OrderedDict()

    def put(self, upload: Upload) -> None:
        """Keep an upload whose lock no request of this replica holds."""
        self._uploads[upload.id] = upload
        if len(self._uploads) > MOST:
            self._uploads.popitem(last=False)

    def take(self, upload_id: str) -> Upload | None:
        """The upload, for one request alone; None if it is not known."""
        return self._uploads.pop(upload_id, None)

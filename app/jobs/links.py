"""Links to the files of work that is done."""

from dataclasses import dataclass

from app.jobs.records import StoredArtifact
from app.storage.resources import Resources


@dataclass(frozen=True, slots=True)
class LinkedArtifact:
    """A file with a link that was made just now."""

    artifact: StoredArtifact
    url: str


def linked(resources: Resources, artifact: StoredArtifact) -> LinkedArtifact:
    """The file with a link that works from now on for as long as the settings allow."""
    seconds = resources.settings.link_ttl_seconds
    link = resources.object_store.link(artifact.key, media_type=artifact.media_type, seconds=seconds)
    return LinkedArtifact(artifact, link)

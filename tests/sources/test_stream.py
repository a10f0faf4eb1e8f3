"""The document of a stream."""

import pytest

from app.errors import InvalidParameters
from app.sources.registry import SOURCE_KINDS
from app.sources.stream import read_stream

STREAM = {
    "stream": "labels",
    "request": {"path": "/repositories/{repo_id}/labels"},
    "cursor": {"kind": "all"},
    "key": "id",
    "rows": [{"into": "labels", "columns": {"name": "name"}}],
}


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_every_stream_of_a_kind_of_source_can_be_read_and_has_the_name_of_its_file(kind: str) -> None:
    assert {"github": "pull_requests", "pypistats": "downloads"}[kind] in SOURCE_KINDS[kind].streams()
    for name, stream in SOURCE_KINDS[kind].streams().items():
        assert read_stream(stream.model_dump(mode="json", by_alias=True), name=name) == stream


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"request": {"path": "/repositories/{number}/labels"}}, "path has {number}"),
        ({"scope": "source"}, "has {repo_id}, which the scope source does not have"),
        ({"key": "id["}, "'id[' does not parse at its end"),
        ({"cursor": {"kind": "pages"}}, "cursor"),
        ({"rows": []}, "rows"),
        ({"rows": [{"into": "labels", "columns": {"name": "a b"}}]}, "name: the expression 'a b' does not parse"),
        ({"rows": STREAM["rows"] * 2}, "rows has 'labels' twice"),
        ({"children": [{"name": "_item", "path": "/x"}]}, "'_item' is not a text of the form"),
        ({"children": [{"name": "jobs", "path": "/x/{each}"}]}, "path has {each} if and only if there is a for"),
        ({"children": [{"name": "jobs", "path": "/x/{a b}"}]}, "the expression 'a b' does not parse"),
        ({"columns": {}}, "columns"),
    ],
)
def test_a_stream_that_says_something_else_is_refused_with_the_place(changes: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        read_stream(STREAM | changes, name="labels.json")
    assert told in refused.value.message
    assert refused.value.message.startswith("labels.json: ")

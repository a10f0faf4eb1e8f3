"""Uploads become datasets."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from app.catalogue.options import LoadOptions, kept_options, load_options
from app.catalogue.service import DatasetService
from app.catalogue.under_way import Sender
from app.uploads.hooks import Announced, Hooks
from app.uploads.records import Upload


def upload_hooks(datasets: DatasetService) -> Hooks:
    """What the catalogue does at each step of an upload."""

    def begin(connection: Connection, upload: Upload, announced: Announced) -> None:
        datasets.require_room(connection)
        options = kept_options(upload.options)
        datasets.register(
            connection,
            dataset_id=upload.id,
            kind=upload.kind,
            filename=upload.filename,
            options=options,
            sha256=announced.sha256,
            sender=Sender(announced.client, announced.bytes or 0),
        )

    def grow(connection: Connection, upload: Upload, size_bytes: int) -> None:
        datasets.grow(connection, upload.id, size_bytes)

    def accept(
        connection: Connection, upload: Upload, raw_key: str, size_bytes: int, sha256: str | None
    ) -> Callable[[], None]:
        job_id = datasets.accept(
            connection, dataset_id=upload.id, raw_key=raw_key, size_bytes=size_bytes, sha256=sha256
        )
        return lambda: datasets.dispatch(upload.id, job_id)

    def drop(connection: Connection, upload: Upload) -> None:
        datasets.forget(connection, upload.id)

    def keeps(connection: Connection, upload_id: str) -> bool:
        return datasets.has(connection, upload_id)

    def options(texts: Mapping[str, str]) -> Mapping[str, Any]:
        known = {name: texts[name] for name in LoadOptions.model_fields if name in texts}
        return load_options(**known).model_dump(mode="json")

    return Hooks(accept=accept, options=options, begin=begin, grow=grow, drop=drop, keeps=keeps)

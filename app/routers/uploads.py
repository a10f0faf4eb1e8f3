"""Resumable uploads: tus 1.0 with creation, creation with upload, expiration, termination and checksums.

https://tus.io/protocols/resumable-upload
"""

from collections.abc import AsyncIterator
from email.utils import format_datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BeforeValidator, Field
from starlette.requests import ClientDisconnect

from app.access.scopes import Scope
from app.catalogue.samples import KIND, sample_options
from app.errors import InvalidUpload, UploadCut, WrongContentEncoding, WrongContentType, WrongTusVersion
from app.routers.answers import NOT_FOUND, UNAVAILABLE, UNPROCESSABLE, Problem
from app.routers.dependencies import AllServices, Uploads
from app.routers.malformed import require_known_query
from app.routers.needs import needs
from app.routers.tus import PATH, VERSION
from app.uploads import metadata
from app.uploads.checksum import ALGORITHMS, Checksum
from app.uploads.records import Upload
from app.wording.numbers import in_digits

#: Extensions of tus that are implemented.
EXTENSIONS: Final = ("creation", "creation-with-upload", "expiration", "termination", "checksum")

#: Content type of bytes that are added to an upload.
BYTES: Final = "application/offset+octet-stream"

#: The service enforces the limit of uploads; this disables the one for other bodies, bytes.
UNLIMITED: Final = 1 << 62

#: Meaning of each status, for the OpenAPI document.
_MEANINGS: Final = {
    400: "Invalid checksum header, or the connection broke",
    409: "The offset is not the upload's current offset",
    410: "Expired, or lost by the object store: start again",
    412: "Tus version not supported",
    413: "Too large",
    415: "Content type or encoding not accepted",
    423: "Another request is adding to the upload",
    429: "Too many loads are waiting, or too many bytes of this client are being uploaded",
    460: "The checksum does not match the bytes",
}


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem, "description": _MEANINGS[status]} for status in statuses}


async def _require_version(
    tus_resumable: Annotated[str | None, Header(description=f"Version of the client: {VERSION}.")] = None,
) -> None:
    if tus_resumable != VERSION:
        received = "missing" if tus_resumable is None else repr(tus_resumable)
        raise WrongTusVersion(f"Tus-Resumable is {received}; allowed is {VERSION}.", allowed=[VERSION])


async def require_plain_content(
    content_encoding: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> None:
    """Raise WrongContentEncoding for bytes that would have to be decoded: a file is stored as it comes."""
    if content_encoding is not None and content_encoding.strip().lower() not in {"", "identity"}:
        raise WrongContentEncoding(
            f"Content-Encoding is {content_encoding!r}, but files are stored as they arrive: leave out that header. A "
            "gzip file is recognized by its bytes.",
            allowed=["identity"],
        )


router = APIRouter(
    prefix=PATH, tags=["uploads"], responses=UNAVAILABLE | UNPROCESSABLE, dependencies=[Depends(require_known_query)]
)


_Bytes = Annotated[int, BeforeValidator(in_digits), Field(ge=0)]
_Length = Annotated[_Bytes | None, Header(description="Length of the whole file, bytes.")]
_Offset = Annotated[_Bytes, Header(description="Current offset: bytes stored so far.")]
_Metadata = Annotated[
    str | None,
    Header(
        description="`kind` (required), `filename`, `on_error`, `max_errors`, `columns`, `mapping`, `set`, "
        "`assume_zone`, `valid_from`, `source`, `covers`, `covers_from`, `covers_to`, `snapshot`, `notify`, `force`, "
        "`sha256`; base64. If the routes for clients of the founding systems are enabled, `upload_id`, a UUID, can "
        "replace `kind`."
    ),
]
_Checksum = Annotated[str | None, Header(description="sha256 or sha1, a space, the digest in base64.")]
_ContentType = Annotated[str | None, Header(include_in_schema=False)]
_ContentLength = Annotated[int | None, Header(ge=0, include_in_schema=False)]

_BODY: Final = {
    "requestBody": {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}, "required": False}
}
_VERSIONED: Final = [Depends(_require_version)]
_WITH_BYTES: Final = [*_VERSIONED, Depends(require_plain_content)]


@router.options("", status_code=204)
@needs(Scope.DATA_WRITE)
async def describe_uploads(uploads: Uploads) -> Response:
    """Supported version and extensions of tus, and the largest file."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": ",".join(EXTENSIONS),
            "Tus-Max-Size": str(uploads.max_bytes),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@router.post(
    "",
    status_code=201,
    response_class=Response,
    responses=NOT_FOUND | _refusals(400, 409, 410, 412, 413, 415, 423, 429, 460),
    dependencies=_WITH_BYTES,
    openapi_extra=_BODY,
    max_body_size=UNLIMITED,
)
@needs(Scope.DATA_WRITE)
async def create_upload(
    request: Request,
    services: AllServices,
    uploads: Uploads,
    upload_length: _Length = None,
    upload_metadata: _Metadata = None,
    upload_defer_length: Annotated[str | None, Header(description="Not supported.")] = None,
    upload_concat: Annotated[str | None, Header(description="Not supported.")] = None,
    upload_checksum: _Checksum = None,
    content_type: _ContentType = None,
    content_length: _ContentLength = None,
) -> Response:
    """Create an upload, with its first bytes if the request has any; `Location` is its address."""
    if upload_concat is not None:
        raise InvalidUpload("Upload-Concat: concatenation is not supported; send the file as one upload.")
    if upload_defer_length is not None:
        raise InvalidUpload("Upload-Defer-Length is not supported: give Upload-Length when you start the upload.")
    if upload_length is None:
        raise InvalidUpload("Upload-Length is missing: give the length of the file when you start the upload.")
    brings_bytes = content_type == BYTES and content_length != 0
    if not brings_bytes and content_length:
        raise _wrong_type(content_type)
    checksum = None if upload_checksum is None else Checksum.of(upload_checksum)
    texts = metadata.parse(upload_metadata)
    kind, options = texts.get("kind"), uploads.options(texts)
    if kind is None and "upload_id" in texts and services.has_founding_apis:
        kind, options = KIND, sample_options(options, upload_id=texts["upload_id"])
    upload = await uploads.create(
        kind,
        length_bytes=upload_length,
        filename=metadata.file_name(texts.get("filename")),
        options=options,
        metadata=upload_metadata,
        sha256=metadata.digest(texts.get("sha256")),
        first_bytes=body_of(request) if brings_bytes else None,
        content_bytes=content_length,
        checksum=checksum,
        client=address_of(request),
    )
    headers = {"Location": f"{PATH}/{upload.id}", **_progress(upload)}
    return Response(status_code=201, headers=headers)


@router.head(
    "/{upload_id}",
    status_code=200,
    response_class=Response,
    responses=NOT_FOUND | _refusals(410, 412, 423),
    dependencies=_VERSIONED,
)
@needs(Scope.DATA_WRITE)
async def look_at_upload(uploads: Uploads, upload_id: str) -> Response:
    """The current offset of an upload."""
    upload = await uploads.look(upload_id)
    headers = {"Cache-Control": "no-store", **_progress(upload)}
    if upload.length_bytes is not None:
        headers["Upload-Length"] = str(upload.length_bytes)
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Response(headers=headers)


@router.patch(
    "/{upload_id}",
    status_code=204,
    responses=NOT_FOUND | _refusals(400, 409, 410, 412, 413, 415, 423, 460),
    dependencies=_WITH_BYTES,
    openapi_extra=_BODY,
    max_body_size=UNLIMITED,
)
@needs(Scope.DATA_WRITE)
async def add_to_upload(
    request: Request,
    uploads: Uploads,
    upload_id: str,
    upload_offset: _Offset,
    upload_length: _Length = None,
    upload_checksum: _Checksum = None,
    content_type: _ContentType = None,
    content_length: _ContentLength = None,
) -> Response:
    """Append bytes to an upload. If the connection breaks, the received bytes are kept, unless there is a checksum."""
    if content_type != BYTES:
        raise _wrong_type(content_type)
    checksum = None if upload_checksum is None else Checksum.of(upload_checksum)
    upload = await uploads.append(
        upload_id,
        upload_offset,
        body_of(request),
        length_bytes=upload_length,
        content_bytes=content_length,
        checksum=checksum,
        client=address_of(request),
    )
    return Response(status_code=204, headers=_progress(upload))


@router.delete("/{upload_id}", status_code=204, responses=NOT_FOUND | _refusals(410, 412), dependencies=_VERSIONED)
@needs(Scope.DATA_WRITE)
async def terminate_upload(uploads: Uploads, upload_id: str) -> Response:
    """Terminate an upload and delete its bytes; the dataset of a finished upload stays."""
    await uploads.terminate(upload_id)
    return Response(status_code=204)


def _progress(upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.offset_bytes),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
    }


def _wrong_type(content_type: str | None) -> WrongContentType:
    received = "missing" if content_type is None else repr(content_type)
    return WrongContentType(f"Content-Type is {received}; allowed is {BYTES}.", allowed=[BYTES])


def address_of(request: Request) -> str | None:
    """Where a request comes from; a proxy that is trusted has told."""
    return None if request.client is None else request.client.host


async def body_of(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise UploadCut("The connection broke before all bytes had arrived.") from error

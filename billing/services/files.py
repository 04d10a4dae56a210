"""Files of a business's own: taken in, referred to, removed."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.db import transaction

from billing.models import UploadedFile
from businesses import audit
from businesses.audit import Actor
from businesses.files import store_file
from businesses.models import Business
from invoicing.lib.errors import Conflict, Invalid
from invoicing.lib.http import MAX_URL
from invoicing.lib.uploads import MAX_FILE

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
# The end of a name → the media type, and how such a file begins. The name alone decides: by it a person opens the file.
TYPES = {
    "pdf": ("application/pdf", b"%PDF-"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    "gif": ("image/gif", b"GIF8"),
    "csv": ("text/csv", b""),
    "txt": ("text/plain", b""),
    "docx": (f"{_OPEN_XML}.wordprocessingml.document", _ZIP),
    "xlsx": (f"{_OPEN_XML}.spreadsheetml.sheet", _ZIP),
    "pptx": (f"{_OPEN_XML}.presentationml.presentation", _ZIP),
    "odt": (f"{_OPEN_DOCUMENT}.text", _ZIP),
    "ods": (f"{_OPEN_DOCUMENT}.spreadsheet", _ZIP),
    "odp": (f"{_OPEN_DOCUMENT}.presentation", _ZIP),
    "doc": ("application/msword", _OLE),
    "xls": ("application/vnd.ms-excel", _OLE),
    "ppt": ("application/vnd.ms-powerpoint", _OLE),
    "zip": ("application/zip", _ZIP),
}


@transaction.atomic
def upload_file(business: Business, *, name: str, content: bytes, actor: Actor) -> UploadedFile:
    """Keep a file. Invalid on `file` for one that is empty or too large, or whose name or bytes are of no kind in TYPES."""
    name = clean_name(name)
    known = TYPES.get(PurePosixPath(name).suffix.lstrip(".").lower())
    if known is None:
        raise Invalid.field("file", f"Expected a file whose name ends in one of {', '.join(TYPES)}.")
    media_type, begins = known
    if not content or len(content) > MAX_FILE:
        raise Invalid.field("file", "The file is empty." if not content else "At most 10 MiB.")
    if not content.startswith(begins):
        raise Invalid.field("file", f"These bytes are not {media_type}, as the file's name says.")
    stored = store_file(business, content, media_type)
    return _record(
        UploadedFile(business=business, name=name, media_type=media_type, size=len(content), stored=stored), actor
    )


@transaction.atomic
def refer_to_file(
    business: Business, *, name: str, url: str, media_type: str, actor: Actor, size: int | None = None
) -> UploadedFile:
    """Remember where a file is, which is never fetched; Invalid for an address that is no http or https URL."""
    if len(url) > MAX_URL or not _is_web(url):
        raise Invalid.field("url", "Expected an address that begins with http:// or https://.")
    row = UploadedFile(business=business, name=clean_name(name), media_type=media_type, size=size, url=url)
    return _record(row, actor)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url


def _record(row: UploadedFile, actor: Actor) -> UploadedFile:
    row.save(force_insert=True)
    audit.record(row.business, actor, "file.created", row, {"size": row.size, "url": row.url})
    return row


@transaction.atomic
def delete_file(file: UploadedFile, *, actor: Actor) -> None:
    """Remove a file; Conflict while it hangs on a document. Mails that went out keep what they carried."""
    file = UploadedFile.objects.select_for_update(of=("self",)).select_related("business").get(pk=file.pk)
    if file.attachments.exists():
        raise Conflict("The file is attached to a document: detach it first.", code="attached")
    audit.record(file.business, actor, "file.deleted", file)
    file.delete()


def clean_name(name: str) -> str:
    """A file's own name without a path and control characters, at most 200 characters, its ending kept; `file` for nothing."""
    name = "".join(char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable()).strip(" .")
    if len(name) > 200:
        ending = PurePosixPath(name).suffix[:20]
        name = name[: 200 - len(ending)] + ending
    return name or "file"

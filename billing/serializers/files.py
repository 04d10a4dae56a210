"""Files and attachments as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from billing.models import Attachment, UploadedFile
from invoicing.lib import clock

FILE_COLUMNS = ("uuid", "name", "media_type", "size", "url", "created_at")
ATTACHMENT_COLUMNS = ("uuid", "created_at", *(f"file__{name}" for name in FILE_COLUMNS))


def represent_files(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Files from rows of FILE_COLUMNS."""
    return [_file(row) for row in rows]


def represent_file(pk: int) -> dict[str, Any]:
    """One file."""
    return _file(UploadedFile.objects.values(*FILE_COLUMNS).get(pk=pk))


def represent_attachments(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Attachments from rows of ATTACHMENT_COLUMNS."""
    return [
        {"id": row["uuid"], "file": _file(row, "file__"), "created_at": clock.iso(row["created_at"])} for row in rows
    ]


def represent_attachment(pk: int) -> dict[str, Any]:
    """One attachment."""
    return represent_attachments([Attachment.objects.values(*ATTACHMENT_COLUMNS).get(pk=pk)])[0]


def _file(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    return {
        "id": row[f"{prefix}uuid"],
        **{name: row[f"{prefix}{name}"] for name in ("name", "media_type", "size", "url")},
        "created_at": clock.iso(row[f"{prefix}created_at"]),
    }


# The schema ----------------------------------------------------------------------------------------------------------
class FileOutput(serializers.Serializer[Any]):
    """A file."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField(allow_null=True, help_text="In bytes.")
    url = serializers.CharField(allow_null=True, help_text="Where it is, if its bytes are not here.")
    created_at = serializers.DateTimeField()


class AttachmentOutput(serializers.Serializer[Any]):
    """A file that hangs on a document."""

    id = serializers.UUIDField()
    file = FileOutput()
    created_at = serializers.DateTimeField()

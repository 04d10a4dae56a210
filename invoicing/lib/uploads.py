"""A file that comes with a request, bounded before it is taken apart, and one that goes out to be kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.http import content_disposition_header
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.parsers import BaseParser

from invoicing.lib import json
from invoicing.lib.api import TooLarge
from invoicing.lib.errors import Invalid

MAX_FILE = 10 * 1024 * 1024
_AROUND = 64 * 1024  # what boundaries, headers and other fields may add to a file


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request, under the name that its sender gave it."""

    name: str
    content: bytes

    def __str__(self) -> str:  # what the fingerprint of a request with an Idempotency-Key is made of
        return f"{self.name} {hashlib.sha256(self.content).hexdigest()}"


class FileParser(BaseParser):
    """Text fields as strings, files as `Upload`; 413 for more than 10 MiB."""

    media_type = "multipart/form-data"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(MAX_FILE + _AROUND + 1)
        if len(body) > MAX_FILE + _AROUND:
            raise TooLarge("A file is at most 10 MiB.")
        meta = {"CONTENT_TYPE": media_type or self.media_type, "CONTENT_LENGTH": str(len(body))}
        try:
            fields, files = MultiPartParser(meta, BytesIO(body), [_InMemory()], "utf-8").parse()
            found: dict[str, Any] = {json.clean_text(name): json.clean_text(str(fields[name])) for name in fields}
            for name, parts in files.lists():
                found[json.clean_text(name)] = Upload(json.clean_text(parts[-1].name), parts[-1].read())
        except (MultiPartParserError, SuspiciousOperation, json.BadJSON) as error:
            raise Invalid(f"The form cannot be read: {error}", code="invalid_form") from None
        return found


class _InMemory(FileUploadHandler):
    """The whole body is in memory already, and bounded."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.content.write(raw_data)

    def file_complete(self, file_size: int) -> SimpleUploadedFile:
        return SimpleUploadedFile(self.file_name or "", self.content.getvalue(), self.content_type or "")


def download(content: bytes, *, name: str, media_type: str) -> HttpResponse:
    """Bytes to be kept under a name: no browser shows them in a page of ours, whatever is in them."""
    headers = {
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
    }
    return HttpResponse(content, content_type=media_type, headers=headers)


@extend_schema_field({"type": "string", "format": "binary"})
class UploadField(serializers.Field[Any, Any, Any, Any]):
    """A part with a file name; at most 10 MiB."""

    def to_internal_value(self, data: Any) -> Upload:
        if not isinstance(data, Upload):
            raise exceptions.ValidationError("Expected a file: a part of multipart/form-data with a file name.")
        if len(data.content) > MAX_FILE:
            raise TooLarge("A file is at most 10 MiB.")
        return data

"""A link to a file's bytes, to be kept under its name."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from billing.api.uploaded_files import file_answer
from billing.models import UploadedFile
from billing.public.answers import public
from billing.public.signed_links import read_token, signed_url
from invoicing.lib.errors import NotFound

_SALT = "file"


def file_url(file: UUID) -> str:
    """The address of a file's bytes."""
    return signed_url("public-file", salt=_SALT, uuid=file)


@public
def download_file(request: HttpRequest, token: str) -> HttpResponse:
    """The bytes, never shown in the page of a browser; what was removed is not there."""
    file = UploadedFile.objects.select_related("stored").filter(uuid=read_token(token, salt=_SALT)).first()
    if file is None:
        raise NotFound("Link not found")
    return file_answer(file)

"""`/files`: take in, list, read, download, remove."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpResponse
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import UploadedFile
from billing.serializers.files import FILE_COLUMNS, FileOutput, represent_file, represent_files
from billing.services.files import delete_file, refer_to_file, upload_file
from businesses.filters import ListFilter, MomentFilter
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib.api import StrictJSONParser
from invoicing.lib.errors import NotFound
from invoicing.lib.fields import Strict, Text, read_body
from invoicing.lib.http import MAX_URL
from invoicing.lib.uploads import FileParser, UploadField, download

_TAGS = ["Files"]


class UploadInput(Strict):
    """A file's bytes; its name comes with them, and says of what kind it is."""

    file = UploadField()


class FileReferenceInput(Strict):
    """A file that is elsewhere: it is not fetched, and not attached to mails."""

    url = Text(required=True, max_length=MAX_URL)
    name = Text(required=True)
    media_type = Text(required=True, max_length=100)
    size = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**53 - 1)


class FileFilter(ListFilter):
    """Of files, which never change: they are as new as they are old."""

    updated_after = MomentFilter(field_name="created_at", lookup_expr="gt")
    updated_before = MomentFilter(field_name="created_at", lookup_expr="lt")


class FileView(BusinessView):
    """Files of the caller's business."""

    scopes = READ_WRITE
    parser_classes = [StrictJSONParser, FileParser]
    filters = FileFilter
    sorts: ClassVar = {"created_at": Order("pk", False), "name": Order("name", False)}

    @extend_schema(
        request={"multipart/form-data": UploadInput, "application/json": FileReferenceInput},
        responses={201: FileOutput},
        tags=_TAGS,
    )
    def create(self, request: Request) -> Response:
        """Take in a file (at most 10 MiB), or remember where one is."""
        if isinstance(request.data, Mapping) and "file" in request.data:
            upload = read_body(UploadInput, request)["file"]
            made = upload_file(self.business, name=upload.name, content=upload.content, actor=self.actor)
        else:
            made = refer_to_file(self.business, actor=self.actor, **read_body(FileReferenceInput, request))
        return self.send_created(represent_file(made.pk))

    @extend_schema(responses=paged(FileOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """Files, newest first."""
        return self.send_list(
            UploadedFile.objects.all(),
            self.filters,
            sorts=self.sorts,
            columns=FILE_COLUMNS,
            represent=represent_files,
        )

    @extend_schema(responses=FileOutput, tags=_TAGS)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """What is known of a file."""
        return self.send_one(represent_file(self._find(id).pk))

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)}, tags=_TAGS)
    def content(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """A file's bytes, to be kept and never shown in a page; 404 for one that is elsewhere."""
        return file_answer(self._find(id))

    @extend_schema(responses={204: None}, tags=_TAGS)
    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Remove a file; 409 while it is attached to a document."""
        delete_file(self._find(id), actor=self.actor)
        return Response(status=204)

    def _find(self, identifier: str) -> UploadedFile:
        return self.find(UploadedFile.objects.select_related("stored", "business"), identifier, "File")


def file_answer(file: UploadedFile) -> HttpResponse:
    """A file's bytes; NotFound for one that is elsewhere."""
    if file.stored is None:
        raise NotFound("This file is not here, but at its url.")
    return download(bytes(file.stored.content), name=file.name, media_type=file.media_type)


urlpatterns = [
    re_path(r"^files/?$", FileView.as_view({"get": "list", "post": "create"}), name="files"),
    re_path(r"^files/(?P<id>[^/]+)/?$", FileView.as_view({"get": "retrieve", "delete": "destroy"}), name="file"),
    re_path(r"^files/(?P<id>[^/]+)/content/?$", FileView.as_view({"get": "content"}), name="file-content"),
]

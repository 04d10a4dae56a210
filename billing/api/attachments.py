"""`/invoices/{id}/attachments`, and those of quotations and credit notes: what goes with their mails besides the PDF."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.uploaded_files import FileFilter
from billing.models import Attachment, CreditNote, Invoice, Quotation, UploadedFile
from billing.serializers.files import (
    ATTACHMENT_COLUMNS,
    AttachmentOutput,
    represent_attachment,
    represent_attachments,
)
from billing.services.attachments import attach_file, detach_file
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView, find_reference
from invoicing.lib.fields import Reference, Strict, read_body


class AttachmentInput(Strict):
    """Which file."""

    file_id = Reference()


class AttachmentView(BusinessView):
    """The files that hang on one document, of one kind."""

    scopes = READ_WRITE
    filters = FileFilter
    sorts: ClassVar = {"created_at": Order("pk", False), "position": Order("position", False)}
    model: ClassVar[type[Any]]
    noun: ClassVar[str]

    @extend_schema(request=AttachmentInput, responses={201: AttachmentOutput}, tags=["Files"])
    def create(self, request: Request, id: str) -> Response:  # noqa: A002
        """Hang a file on a document: from then on its mails carry it."""
        document = self._document(id)
        asked = read_body(AttachmentInput, request)["file_id"]
        file = find_reference(UploadedFile, self.business, asked, "file_id")
        assert file is not None  # noqa: S101 - the body requires it
        made = attach_file(document, file, actor=self.actor)
        return self.send_created(represent_attachment(made.pk))

    @extend_schema(responses=paged(AttachmentOutput), tags=["Files"])
    def list(self, request: Request, id: str) -> Response:  # noqa: A002
        """The files of a document, the newest first."""
        return self.send_list(
            self._rows(id),
            self.filters,
            sorts=self.sorts,
            columns=ATTACHMENT_COLUMNS,
            represent=represent_attachments,
        )

    @extend_schema(responses={204: None}, tags=["Files"])
    def destroy(self, request: Request, id: str, attachment_id: str) -> Response:  # noqa: A002
        """Take a file off a document; the file stays."""
        document = self._document(id)
        detach_file(document, self.find(self._rows(id), attachment_id, "Attachment"), actor=self.actor)
        return Response(status=204)

    def _document(self, identifier: str) -> Any:
        rows = self.model.objects.live().select_related("business")
        return self.find(rows, identifier, self.noun)

    def _rows(self, identifier: str) -> Any:
        own = {self.model.noun: self._document(identifier)}
        return Attachment.objects.filter(**own).select_related("file")


class InvoiceAttachmentView(AttachmentView):
    """Of an invoice."""

    model, noun = Invoice, "Invoice"


class QuotationAttachmentView(AttachmentView):
    """Of a quotation."""

    model, noun = Quotation, "Quotation"


class CreditNoteAttachmentView(AttachmentView):
    """Of a credit note."""

    model, noun = CreditNote, "Credit note"


_VIEWS = {
    "invoices": InvoiceAttachmentView,
    "quotations": QuotationAttachmentView,
    "credit-notes": CreditNoteAttachmentView,
}
urlpatterns = [
    *(
        re_path(rf"^{path}/(?P<id>[^/]+)/attachments/?$", view.as_view({"get": "list", "post": "create"}))
        for path, view in _VIEWS.items()
    ),
    *(
        re_path(rf"^{path}/(?P<id>[^/]+)/attachments/(?P<attachment_id>[^/]+)/?$", view.as_view({"delete": "destroy"}))
        for path, view in _VIEWS.items()
    ),
]

"""`/files`, and the files that hang on documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.uploaded_files import UploadInput
from billing.models import Attachment, CreditNote, Invoice, Quotation, UploadedFile
from billing.public.uploaded_file import file_url
from billing.services.attachments import Attachable, attach_files
from billing.services.files import delete_file, refer_to_file, upload_file
from businesses.audit import Actor
from businesses.models import Business
from dialects.door import Tolerant
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.forms import FormParser
from dialects.invoiced.inputs import Whole
from invoicing.lib.api import StrictJSONParser
from invoicing.lib.fields import Text, read_body
from invoicing.lib.http import MAX_URL
from invoicing.lib.uploads import FileParser

Objects = list[dict[str, Any]]


class FileInput(Tolerant):
    """A file that is elsewhere."""

    url = Text(required=True, max_length=MAX_URL)
    name = Text(required=True)
    type = Text(required=True, max_length=100)
    size = Whole(max_value=2**53 - 1)


def shown_files(business: Business, pks: Sequence[int]) -> Objects:
    """Files of a business by primary key, in that order."""
    rows = UploadedFile.objects.of(business).defer("stored").in_bulk(list(pks))
    return [_file(rows[pk]) for pk in pks]


def _file(row: UploadedFile) -> dict[str, Any]:
    created = int(row.created_at.timestamp())
    return {
        "id": row.pk,
        "object": "file",
        "name": row.name,
        "size": row.size,
        "type": row.media_type,
        "url": row.url or file_url(row.uuid),
        "created_at": created,
        "updated_at": created,
    }


class FileView(InvoicedView):
    """Files of the business."""

    parser_classes = [StrictJSONParser, FormParser, FileParser]

    def create(self, request: Request) -> Response:
        """Take in the part `file`, or remember the `url` of a file, which is never fetched."""
        if isinstance(request.data, Mapping) and "file" in request.data:
            upload = read_body(UploadInput, request)["file"]
            made = upload_file(self.business, name=upload.name, content=upload.content, actor=self.actor)
        else:
            body = read_body(FileInput, request)
            words = {"name": body["name"], "url": body["url"], "media_type": body["type"], "size": body.get("size")}
            made = refer_to_file(self.business, actor=self.actor, **words)
        return self._send(made, 201)

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One file."""
        return self._send(self._find(id))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Remove a file; refused while it is attached to a document."""
        delete_file(self._find(id), actor=self.actor)
        return Response(status=204)

    def _find(self, text: str) -> UploadedFile:
        return self.find_numbered(UploadedFile.objects.select_related("business"), text, "File")

    def _send(self, row: UploadedFile, status: int = 200) -> Response:
        return self.send(shown_files(self.business, [row.pk])[0], status)


# Of documents --------------------------------------------------------------------------------------------------------
def attach(document: Attachable, ids: Sequence[str], *, actor: Actor) -> None:
    """Let exactly the files with these ids hang on a document; Invalid, on `attachments`, for one that is not there."""
    pks = [int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0 for text in ids]
    attach_files(document, pks, actor=actor)


class AttachmentsView(InvoicedView):
    """The files of one document, of one kind."""

    model: ClassVar[type[Any]]
    label: ClassVar[str]

    def list(self, request: Request, id: str) -> Response:  # noqa: A002
        """In the order in which they were given."""
        document = self.find_numbered(self.model.objects.live(), id, self.label)
        rows = Attachment.objects.of(self.business).filter(**{self.model.noun: document})
        return self.send_page(rows, self._shown, "position", "pk")

    def _shown(self, pks: Sequence[int]) -> Objects:
        rows = Attachment.objects.of(self.business).in_bulk(pks)
        files = shown_files(self.business, [rows[pk].file_id for pk in pks])
        return [
            {"file": file, "location": "attachment", "created_at": int(rows[pk].created_at.timestamp())}
            for pk, file in zip(pks, files, strict=True)
        ]


class InvoiceAttachmentsView(AttachmentsView):
    """Of an invoice."""

    model, label = Invoice, "Invoice"


class EstimateAttachmentsView(AttachmentsView):
    """Of an estimate."""

    model, label = Quotation, "Estimate"


class CreditNoteAttachmentsView(AttachmentsView):
    """Of a credit note."""

    model, label = CreditNote, "Credit Note"

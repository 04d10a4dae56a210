"""A link to an issued document's PDF: its newest revision, byte for byte as it was kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from billing.api.files import pdf_answer
from billing.documents import document_pdf
from billing.models import CreditNote, Invoice, Quotation
from billing.public.answers import public
from billing.public.signed_links import read_token, signed_url
from invoicing.lib.errors import NotFound

_MODELS: dict[str, Any] = {model.noun: model for model in (Invoice, Quotation, CreditNote)}


def document_url(noun: str, uuid: UUID) -> str:
    """The address of the PDF of an issued invoice, quotation or credit note."""
    return signed_url(f"public-{noun}", salt=noun, uuid=uuid)


@public
def download_document(request: HttpRequest, token: str, noun: str) -> HttpResponse:
    """The kept bytes; drafts, and what a user has deleted, are not there."""
    uuid = read_token(token, salt=noun)
    row = _MODELS[noun].objects.live().select_related("business", "customer").filter(uuid=uuid).first()
    if row is None or row.is_draft:
        raise NotFound("Link not found")
    return pdf_answer(document_pdf(row), row.number, request.headers.get("If-None-Match", ""))

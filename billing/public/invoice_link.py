"""A link to an invoice that was texted: stored and revocable as a statement's is, and short."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from billing.api.files import pdf_answer
from billing.documents import document_pdf
from billing.models import Invoice
from billing.public.answers import public
from billing.services.sending import PUBLIC_INVOICE
from businesses.links import find_link, note_opening
from invoicing.lib.errors import NotFound


@public
def open_invoice(request: HttpRequest, token: str) -> HttpResponse:
    """The newest revision's PDF."""
    link = find_link(token, kind=PUBLIC_INVOICE)
    rows = Invoice.objects.of(link.business).select_related("business", "customer")
    invoice = rows.filter(uuid=link.subject_id).first()
    if invoice is None:
        raise NotFound("Link not found")
    note_opening(link)
    return pdf_answer(document_pdf(invoice), invoice.number, request.headers.get("If-None-Match", ""))

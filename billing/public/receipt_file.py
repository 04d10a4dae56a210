"""A link to a payment's receipt: the PDF, byte for byte as it was kept."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from billing.api.files import pdf_answer
from billing.documents import keep_receipt
from billing.models import Payment
from billing.public.answers import public
from billing.public.signed_links import read_token, signed_url
from invoicing.lib.errors import NotFound

_SALT = "receipt"


def receipt_url(payment: UUID) -> str:
    """The address of the PDF of a payment's receipt."""
    return signed_url("public-receipt", salt=_SALT, uuid=payment)


@public
def download_receipt(request: HttpRequest, token: str) -> HttpResponse:
    """The kept bytes; of a voided payment there is no receipt."""
    payment = Payment.objects.with_customer().filter(uuid=read_token(token, salt=_SALT)).first()
    if payment is None or not payment.is_live:
        raise NotFound("Link not found")
    return pdf_answer(bytes(keep_receipt(payment).content), payment.number, request.headers.get("If-None-Match", ""))

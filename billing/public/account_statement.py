"""A link to a customer's account as it is now: signed, not stored; it ends by itself, and when the customer is deleted.

For programs that hand it on, such as Invoiced's `statement_pdf_url`. It is the same for 90 days, and then good for 90 more.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from billing.api.files import statement_answer
from billing.public.answers import public
from billing.selectors.statements import Wanted
from billing.services.statements import proved_statement
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import NotFound

_DAYS = 90
_SIGNER = "account statement"


def account_statement_url(customer: UUID) -> str:
    """The address of the PDF of what this customer owes today."""
    token = signing.Signer(salt=_SIGNER).sign_object([customer.hex, _period()]).replace(":", "~")
    return f"{settings.PUBLIC_URL}{reverse('public-account', args=[token])}"


@public
def download_account(request: HttpRequest, token: str) -> HttpResponse:
    """The statement of open items of this moment, proved before it leaves."""
    customer = Customer.objects.live().select_related("business").filter(uuid=_customer(token)).first()
    if customer is None:
        raise NotFound("Link not found")
    statement = proved_statement(customer, Wanted())
    return statement_answer(statement, customer.business, request.headers.get("If-None-Match", ""))


def _period() -> int:
    return (clock.today("UTC") - date(2020, 1, 1)).days // _DAYS


def _customer(token: str) -> UUID:
    try:
        uuid, period = signing.Signer(salt=_SIGNER).unsign_object(token.replace("~", ":"))
    except signing.BadSignature:
        raise NotFound("Link not found") from None
    if period not in (_period(), _period() - 1):
        raise NotFound("Link not found")
    return UUID(uuid)

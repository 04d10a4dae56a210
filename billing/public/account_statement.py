"""A link to a customer's account as it is now; it ends by itself, and when the customer is deleted."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from billing.api.files import statement_answer
from billing.public.answers import public
from billing.public.signed_links import read_token, signed_url
from billing.selectors.statements import Wanted
from billing.services.statements import proved_statement
from customers.models import Customer
from invoicing.lib.errors import NotFound

_SALT = "account statement"


def account_statement_url(customer: UUID) -> str:
    """The address of the PDF of what this customer owes today."""
    return signed_url("public-account", salt=_SALT, uuid=customer)


@public
def download_account(request: HttpRequest, token: str) -> HttpResponse:
    """The statement of open items of this moment, proved before it leaves."""
    uuid = read_token(token, salt=_SALT)
    customer = Customer.objects.live().select_related("business").filter(uuid=uuid).first()
    if customer is None:
        raise NotFound("Link not found")
    statement = proved_statement(customer, Wanted())
    return statement_answer(statement, customer.business, request.headers.get("If-None-Match", ""))

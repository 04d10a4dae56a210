"""Apply the credit that a customer has to one invoice, because a person asked for it."""

from __future__ import annotations

from django.db import transaction

from billing.models import Invoice
from billing.services.allocations import apply_credit_to, sources_with_credit
from businesses.audit import Actor
from invoicing.lib.errors import Conflict


@transaction.atomic
def apply_credit(invoice: Invoice, *, actor: Actor) -> Invoice:
    """Pay an open invoice from its customer's credit, the oldest first, as far as both go.

    Conflict where the invoice is not open, or the customer has no credit in its currency.
    """
    invoice = Invoice.objects.lock(invoice.pk)
    if invoice.status not in Invoice.OPEN:
        raise Conflict(f"A {invoice.status} invoice takes no payment.", code="state_does_not_allow")
    if not sources_with_credit(invoice.business, invoice.customer_id, invoice.currency):
        raise Conflict(f"{invoice.customer.name} has no credit in {invoice.currency}.", code="state_does_not_allow")
    apply_credit_to(invoice, actor=actor)
    return invoice

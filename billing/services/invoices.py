"""Create, change and delete invoices; every status change goes through `change_invoice_status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from billing.documents import frozen_digest
from billing.events import publish_document, publish_new
from billing.models import Invoice
from billing.payment_terms import due_date as due_by_terms
from billing.services.approval import lose_approval
from billing.services.documents import (
    apply_changes,
    check_dates,
    delete_draft,
    fill_draft,
    frozen_fields,
    reprice,
    store_new,
)
from billing.services.invoice_status import change_status, check_credit, follow_due_date, revise
from billing.services.lines import LineDraft, drafts_of
from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from customers.models import Customer
from invoicing.lib.errors import Conflict

# What may change after an invoice is issued.
OPEN_FIELDS = frozenset({"notes", "terms", "due_date", "metadata", "extra"})


@transaction.atomic
def create_invoice(
    business: Business,
    *,
    customer: Customer,
    lines: Sequence[LineDraft],
    actor: Actor,
    number: str | None = None,
    status: str = Invoice.Status.DRAFT,
    details: Mapping[str, Any] | None = None,
) -> Invoice:
    """A new invoice with its number, run from draft to `status` in the same transaction.

    `details` are fields of Invoice; a due date that is not among them follows the payment terms. Raises Invalid for amounts
    or dates that cannot be, Conflict for a taken number, a credit hold or limit, or locked books.
    """
    customer = Customer.objects.lock_live(customer.pk)
    invoice = Invoice(business=business, customer=customer)
    fill_draft(invoice, details or {})
    if "due_date" not in (details or {}):
        invoice.due_date = due_by_terms(customer.payment_terms or business.payment_terms, invoice.issue_date)
    check_dates(invoice)
    store_new(invoice, lines, number, check=check_credit)
    audit.record(business, actor, "invoice.created", invoice)
    publish_new(invoice, actor=actor)
    if status != Invoice.Status.DRAFT:
        change_status(invoice, status, actor=actor)
    return invoice


@transaction.atomic
def update_invoice(
    invoice: Invoice,
    *,
    actor: Actor,
    changes: Mapping[str, Any],
    lines: Sequence[LineDraft] | None = None,
    status: str | None = None,
) -> Invoice:
    """Change fields, lines and status in one transaction; what equals what is there changes nothing and tells nobody.

    A draft may change in every field and is to be approved anew, an issued invoice in OPEN_FIELDS only (Conflict names the
    others).
    """
    invoice = Invoice.objects.lock(invoice.pk)
    before, currency = invoice.status, invoice.currency
    was = drafts_of(invoice) if invoice.is_draft else []  # before the currency changes: their amounts are in it
    previous = apply_changes(invoice, changes, allowed=None if invoice.is_draft else OPEN_FIELDS, lines=lines)
    if previous:
        check_dates(invoice)
    if invoice.is_draft and (previous or lines is not None):
        previous |= reprice(invoice, was if lines is None else lines, was=was, currency=currency)
    if previous:
        previous |= lose_approval(invoice, previous) if invoice.is_draft else {}
        invoice.save()
        if "due_date" in previous:
            follow_due_date(invoice)
        printed = not invoice.is_draft and frozen_fields(previous)
        if printed:
            revise(invoice)
        frozen = frozen_digest(invoice) if printed else {}
        audit.record(invoice.business, actor, "invoice.updated", invoice, {"fields": sorted(previous), **frozen})
        if status in {None, before, invoice.status}:  # a status of its own is told by its own event
            told = {name: value for name, value in previous.items() if name != "extra"}  # which no event shows
            publish_document(invoice, "updated", actor=actor, previous_status=before, previous=told)
    if status is not None and status != invoice.status:
        change_status(invoice, status, actor=actor)
    return invoice


@transaction.atomic
def delete_invoice(invoice: Invoice, *, actor: Actor, reason: str = "") -> None:
    """Mark a draft deleted: it is gone from everywhere but the list of numbers. Conflict for an issued invoice."""
    invoice = Invoice.objects.lock(invoice.pk)
    if invoice.status != Invoice.Status.DRAFT:
        raise Conflict(f"A {invoice.status} invoice cannot be deleted; cancel it instead.", code="state_does_not_allow")
    delete_draft(invoice, actor=actor, reason=reason)

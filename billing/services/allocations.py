"""Apply credit to invoices, by hand and automatically, and take it back: the only callers of `ledger.allocate`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F, Sum

from billing.documents import frozen_digest
from billing.events import publish_document, publish_source
from billing.ledger import allocate, reverse_credit
from billing.models import Adjustment, Allocation, CreditNote, Invoice, Payment, Source
from billing.settlement import settle
from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid

SOURCES: tuple[type[Source], ...] = (Payment, CreditNote, Adjustment)


@dataclass(frozen=True, slots=True)
class Share:
    """An amount, in minor units, that is to be applied to an invoice; None is as much as fits."""

    invoice: Invoice
    amount_minor: int | None = None


# Locked, checked -----------------------------------------------------------------------------------------------------
def lock_invoices(shares: Sequence[Share], source: Source) -> list[Share]:
    """The same shares with their invoices locked, in order of ids.

    Raises Invalid, naming the share, for an invoice of another customer or currency, one named twice, or an amount that is
    not positive; Conflict for a draft or a cancelled one.
    """
    seen: set[int] = set()
    for index, share in enumerate(shares):
        name, invoice = f"allocations.{index}.invoice_id", share.invoice
        if invoice.customer_id != source.customer_id:
            raise Invalid.field(name, "The invoice is another customer's.")
        if invoice.currency != source.currency:
            raise Invalid.field(name, f"The invoice is in {invoice.currency}, not in {source.currency}.")
        if invoice.pk in seen:
            raise Invalid.field(name, "Named twice.")
        if share.amount_minor is not None and share.amount_minor <= 0:
            raise Invalid.field(f"allocations.{index}.amount", "Must be more than 0.")
        seen.add(invoice.pk)
    locked = {pk: Invoice.objects.lock(pk) for pk in sorted(seen)}
    for index, share in enumerate(shares):
        invoice = locked[share.invoice.pk]
        if invoice.is_draft or invoice.status == Invoice.Status.CANCELLED:
            message = f"A {invoice.status} invoice takes no payment."
            details = [Detail(f"allocations.{index}.invoice_id", message)]
            raise Conflict(message, code="state_does_not_allow", details=details)
    return [Share(locked[share.invoice.pk], share.amount_minor) for share in shares]


def apply_shares(source: Source, shares: Iterable[Share], day: date) -> list[Invoice]:
    """Apply as much of each share as source and invoice have left, named amounts first; the invoices that took something."""
    touched = []
    for share in sorted(shares, key=lambda share: share.amount_minor is None):
        wanted = source.unallocated_minor if share.amount_minor is None else share.amount_minor
        amount = min(wanted, share.invoice.due_minor, source.unallocated_minor)
        if amount > 0:
            allocate(source, share.invoice, amount, day)
            settle(share.invoice)
            touched.append(share.invoice)
    return touched


def applied_to(source: Source) -> dict[int, int]:
    """What of a source is applied now: invoice id → minor units; the newest application first."""
    rows = Allocation.objects.filter(**{source.noun: source}).order_by("-id").values_list("invoice_id", "amount_minor")
    applied: dict[int, int] = {}
    for pk, amount in rows:
        applied[pk] = applied.get(pk, 0) + amount
    return {pk: amount for pk, amount in applied.items() if amount}


def release(source: Source, amount_minor: int, day: date) -> tuple[list[Invoice], dict[int, str]]:
    """Take back so much of what a source is applied to, the newest first.

    Returns the invoices that lost something, settled, and what their statuses were before: what `tell_invoices` wants.
    """
    touched, before = [], {}
    applied = applied_to(source)
    locked = {pk: Invoice.objects.lock(pk) for pk in sorted(applied)}
    for pk, amount in applied.items():
        part = min(amount, amount_minor)
        if part <= 0:
            break
        before[pk] = locked[pk].status
        allocate(source, locked[pk], -part, day)
        settle(locked[pk])
        amount_minor -= part
        touched.append(locked[pk])
    return touched, before


def take_back(source: Source) -> tuple[list[Invoice], dict[int, str]]:
    """Release all of a source and reverse it, today, as if it had never been; returns what `release` does."""
    today = clock.today(source.business.time_zone)
    released = release(source, source.amount, today)
    reverse_credit(source, today)
    return released


def tell_invoices(invoices: Iterable[Invoice], before: dict[int, str], *, actor: Actor) -> None:
    """Publish what became of invoices whose payment changed: paid, or updated; `before` are their former statuses."""
    for invoice in sorted(invoices, key=lambda row: row.pk):
        was = before.get(invoice.pk)
        became_paid = invoice.status == Invoice.Status.PAID != was
        if invoice.status != was:
            issued = frozen_digest(invoice) if was == Invoice.Status.DRAFT else {}
            audit.record(invoice.business, actor, f"invoice.{invoice.status}", invoice, {"from": was, **issued})
        publish_document(
            invoice, "paid" if became_paid else "updated", actor=actor, previous_status=before.get(invoice.pk)
        )


# By hand -------------------------------------------------------------------------------------------------------------
@transaction.atomic
def change_allocations(source: Source, shares: Sequence[Share], *, actor: Actor) -> Source:
    """Apply a source to exactly these invoices and amounts, as of today; what it was applied to otherwise is released.

    Raises Conflict where an invoice owes less (`exceeds_amount_due`) or the source was voided or cancelled, Invalid where
    the amounts exceed what the source has.
    """
    Customer.objects.lock(source.customer_id)
    source.refresh_from_db()
    if not source.is_live:
        message = f"A {source.status} {source.noun.replace('_', ' ')} cannot be applied."
        raise Conflict(message, code="state_does_not_allow")
    today, locked = clock.today(source.business.time_zone), lock_invoices(shares, source)
    before = applied_to(source)
    own = {pk: Invoice.objects.lock(pk) for pk in sorted(before)} | {
        share.invoice.pk: share.invoice for share in locked
    }
    was = {pk: invoice.status for pk, invoice in own.items()}
    wanted = _wanted(locked, before, source.amount - source.refunded_minor)
    changes = {pk: wanted.get(pk, 0) - before.get(pk, 0) for pk in own}
    for pk, change in sorted(changes.items(), key=lambda item: item[1]):  # releases first
        if change:
            allocate(source, own[pk], change, today)
            settle(own[pk])
    touched = [own[pk] for pk, change in changes.items() if change]
    if touched:
        audit.record(source.business, actor, f"{source.noun}.applied", source, {"to": [str(row) for row in touched]})
        publish_source(source, "updated", actor=actor)
        tell_invoices(touched, was, actor=actor)
    return source


def _wanted(shares: Sequence[Share], before: dict[int, int], worth: int) -> dict[int, int]:
    """What each invoice shall have: the named amounts, and of what they leave as much as fits where none is named."""
    rooms = [share.invoice.due_minor + before.get(share.invoice.pk, 0) for share in shares]
    for index, (share, room) in enumerate(zip(shares, rooms, strict=True)):
        if (share.amount_minor or 0) > room:
            field, message = f"allocations.{index}.amount", "More than the amount due."
            raise Conflict(f"{field}: {message}", code="exceeds_amount_due", details=[Detail(field, message)])
    left = worth - sum(share.amount_minor or 0 for share in shares)
    if left < 0:
        raise Invalid.field("allocations", "More than there is to apply.")
    wanted = {}
    for share, room in zip(shares, rooms, strict=True):
        amount = min(room, left) if share.amount_minor is None else share.amount_minor
        left -= amount if share.amount_minor is None else 0
        wanted[share.invoice.pk] = amount
    return wanted


# Automatically -------------------------------------------------------------------------------------------------------
def apply_credit_to(invoice: Invoice, *, actor: Actor) -> None:
    """Pay a locked invoice that was just issued from the customer's credit, the oldest first; tell it."""
    today, before = clock.today(invoice.business.time_zone), invoice.status
    touched = False
    for source in sources_with_credit(invoice.business, invoice.customer_id, invoice.currency):
        if source.day > today:  # a credit note of next week is no credit yet
            continue
        if not invoice.due_minor:
            break
        touched |= bool(apply_shares(source, [Share(invoice)], today))
        audit.record(invoice.business, actor, f"{source.noun}.applied", source, {"to": [invoice.number]})
        publish_source(source, "updated", actor=actor)
    if touched:
        tell_invoices([invoice], {invoice.pk: before}, actor=actor)


def sources_with_credit(business: Business, customer_id: int, currency: str) -> list[Source]:
    """The customer's payments, credit notes and adjustments with something left, the oldest first."""
    own = {"business": business, "customer_id": customer_id, "currency": currency, "unallocated_minor__gt": 0}
    found: list[Source] = []
    for model in SOURCES:
        found += model._default_manager.filter(**own).select_related("business", "customer")
    return sorted(found, key=lambda source: (source.day, source.created_at, source.pk))


def open_shares(source: Source) -> list[Share]:
    """The customer's open invoices that the source's amount can reach, the first due first: those without a due date last."""
    own = {"business_id": source.business_id, "customer_id": source.customer_id, "currency": source.currency}
    rows = Invoice.objects.filter(**own, status__in=Invoice.OPEN, deleted_at=None)
    ordered = rows.order_by(F("due_date").asc(nulls_last=True), "issue_date", "pk").values_list("pk", "due_minor")
    reached, left = [], source.amount
    for pk, due in ordered.iterator():
        if left <= 0:
            break
        reached.append(pk)
        left -= due
    locked = {pk: Invoice.objects.lock(pk) for pk in sorted(reached)}
    return [Share(locked[pk]) for pk in reached]


def release_invoice(invoice: Invoice, day: date) -> list[Source]:
    """Give a locked invoice's allocations back to their sources, where they are credit again."""
    touched: list[Source] = []
    for model in SOURCES:
        column = model.noun
        rows = Allocation.objects.filter(invoice=invoice, **{f"{column}__isnull": False})
        sums = rows.values_list(column).annotate(sum=Sum("amount_minor")).exclude(sum=0).order_by(column)
        for pk, amount in sums:
            source = model._default_manager.select_related("business", "customer").get(pk=pk)
            allocate(source, invoice, -amount, day)
            touched.append(source)
    return touched

"""The invariants of domain.md, proved over the rows as they are: each check yields one sentence per contradiction it finds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.models import (
    Adjustment,
    Allocation,
    CreditNote,
    CreditNoteLine,
    Entry,
    Invoice,
    InvoiceLine,
    Payment,
    Quotation,
    QuotationLine,
    Refund,
    Revision,
)
from billing.selectors.statement_proof import prove
from billing.selectors.statements import Wanted, statement_of
from businesses.models import Business, StoredFile
from businesses.number_patterns import spell
from businesses.numbering import counters
from customers.models import Customer, CustomerBalance
from invoicing.lib.errors import DomainError
from webhooks.models import Delivery, Endpoint, Event

Damage = Iterator[str]


def find_all_damage() -> list[str]:
    """Every contradiction in all books, over one snapshot: a payment that commits between two sums would look like damage."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if connection.vendor == "postgresql" and is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return [sentence for business in Business.objects.order_by("pk") for sentence in find_damage(business)]


def find_damage(business: Business) -> Damage:
    """Every contradiction in one business's books."""
    for check in CHECKS:
        for sentence in check(business):
            yield f"{business.name} ({business.uuid}): {sentence}"


def _sum_of(rows: QuerySet[Any], key: str) -> Any:
    """Σ amount of the rows that point at the outer row, 0 where there is none."""
    sums = rows.filter(**{key: OuterRef("pk")}).order_by().values(key).annotate(sum=Sum("amount_minor")).values("sum")
    return Coalesce(Subquery(sums), 0)


def check_balances(business: Business) -> Damage:
    """Per customer and currency: Σ entries = Σ amount due of open invoices − unapplied credit = the stored balance."""
    sums: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(("entries", "due", "credit"), 0))
    sources: tuple[tuple[str, type[Model], str], ...] = (
        ("entries", Entry, "amount_minor"),
        ("due", Invoice, "due_minor"),
        ("credit", Payment, "unallocated_minor"),
        ("credit", CreditNote, "unallocated_minor"),
        ("credit", Adjustment, "unallocated_minor"),
    )
    for name, model, column in sources:
        rows = model._default_manager.filter(business=business).order_by()
        for row in rows.values("customer_id", "currency").annotate(sum=Sum(column)):
            sums[row["customer_id"], row["currency"]][name] += row["sum"]
    stored = {(row.customer_id, row.currency): row for row in CustomerBalance.objects.of(business)}
    for (customer, currency), found in sorted(sums.items()):
        label = f"customer {customer} in {currency}"
        if found["entries"] != found["due"] - found["credit"]:
            yield f"{label}: entries sum to {found['entries']}, due less credit to {found['due'] - found['credit']}"
        balance = stored.get((customer, currency))
        kept = (balance.outstanding_minor, balance.credit_minor) if balance else (0, 0)
        if kept != (found["due"], found["credit"]):
            yield f"{label}: stored balance {kept}, recomputed {(found['due'], found['credit'])}"
    for key in stored.keys() - sums.keys():
        if stored[key].outstanding_minor or stored[key].credit_minor:
            yield f"customer {key[0]} in {key[1]}: a stored balance without anything behind it"


def check_invoices(business: Business) -> Damage:
    """An invoice's paid = Σ its allocations; what it owes follows; its entries sum to what its status says."""
    rows: QuerySet[Any] = Invoice.objects.of(business).annotate(
        applied=_sum_of(Allocation.objects.all(), "invoice"), posted=_sum_of(Entry.objects.all(), "invoice")
    )
    for invoice in rows.filter(~Q(applied=F("paid_minor"))):
        yield f"invoice {invoice.number}: paid is {invoice.paid_minor}, its allocations sum to {invoice.applied}"
    for invoice in rows.iterator():
        owed = invoice.status in {*Invoice.OPEN, Invoice.Status.PAID}
        expected = invoice.total_minor - invoice.written_off_minor if owed else 0
        if invoice.posted != expected:
            yield f"invoice {invoice.number} ({invoice.status}): entries sum to {invoice.posted}, not {expected}"
        left = invoice.total_minor - invoice.paid_minor - invoice.written_off_minor
        if invoice.due_minor != (left if owed else 0):
            yield f"invoice {invoice.number} ({invoice.status}): {invoice.due_minor} due is not what is left of the total"
        if invoice.deleted_at is not None and invoice.issued_at is not None:
            yield f"invoice {invoice.number}: issued and deleted"
        if invoice.status in Invoice.OPEN and invoice.due_minor == 0:
            yield f"invoice {invoice.number}: owes nothing and is {invoice.status}"


def check_sources(business: Business) -> Damage:
    """A payment's, credit note's or adjustment's allocations, refunds and rest are its amount; its entries agree."""
    for model in (Payment, CreditNote, Adjustment):
        noun = model.noun
        rows: QuerySet[Any] = model._default_manager.filter(business=business).annotate(
            applied=_sum_of(Allocation.objects.all(), noun),
            posted=_sum_of(Entry.objects.all(), noun),
            given_back=_sum_of(Refund.objects.all(), noun),
        )
        for source in rows.iterator():
            label = f"{noun.replace('_', ' ')} {source.number}"
            worth = source.amount if source.is_live else 0
            rest, refunded = source.unallocated_minor, source.refunded_minor
            if source.applied < 0 or source.applied + rest + refunded != worth:
                yield f"{label}: {source.applied} applied, {rest} free and {refunded} refunded are not {worth}"
            if source.given_back != refunded:
                yield f"{label}: refunded is {refunded}, its refunds sum to {source.given_back}"
            if source.posted != refunded - worth:
                yield f"{label}: entries sum to {source.posted}, not {refunded - worth}"


def check_totals(business: Business) -> Damage:
    """A document's totals are the sums of its lines."""
    for model, lines in ((Invoice, InvoiceLine), (Quotation, QuotationLine), (CreditNote, CreditNoteLine)):
        noun = model.noun
        sums = lines.objects.of(business).order_by().values(noun)
        added = sums.annotate(net=Sum("net_minor"), tax=Sum("tax_minor"), all=Sum("amount_minor"))
        by_document = {row[noun]: (row["net"], row["tax"], row["all"]) for row in added}
        columns = ("pk", "number", "subtotal_minor", "tax_minor", "total_minor")
        for pk, number, *totals in model._default_manager.filter(business=business).values_list(*columns):
            if by_document.get(pk) != tuple(totals):
                yield f"{noun} {number}: totals {tuple(totals)}, its lines sum to {by_document.get(pk)}"


def check_numbers(business: Business) -> Damage:
    """Every value of every counter became one document's number, or was skipped for a number given by hand."""
    kinds: dict[str, Any] = {model.noun: model for model in (Invoice, Quotation, CreditNote, Payment, Adjustment)}
    for (series, period), last in counters(business).items():
        if series not in kinds:
            continue
        rows = kinds[series]._default_manager.filter(business=business)
        given = set(rows.filter(period=period, sequence__isnull=False).values_list("sequence", flat=True))
        by_hand = set(rows.filter(sequence=None).values_list("number", flat=True))
        pattern = getattr(business, f"{series}_pattern")
        for value in sorted(set(range(1, last + 1)) - given):
            day = business.created_at.date().replace(month=1, day=1, year=int(period) if period else 2000)
            if spell(pattern, value, day) not in by_hand:
                yield f"{series} series {period or '(all years)'}: number {value} is missing"
        for value in sorted(value for value in given if value > last):
            yield f"{series} series {period or '(all years)'}: number {value} is beyond the counter at {last}"
        twice = rows.filter(period=period, sequence__isnull=False).values("sequence").annotate(n=Count("pk"))
        for row in twice.filter(n__gt=1):
            yield f"{series} series {period or '(all years)'}: number {row['sequence']} was given {row['n']} times"


def check_documents(business: Business) -> Damage:
    """Every issued document has a frozen view whose digest holds, and every kept file the bytes of its digest."""
    for model in (Invoice, Quotation, CreditNote):
        missing = model._default_manager.filter(business=business, issued_at__isnull=False, revisions=None)
        for document in missing:
            yield f"{model.noun} {document.number}: issued without a frozen view"
    for revision in Revision.objects.of(business).iterator():
        if hashlib.sha256(revision.view.encode()).hexdigest() != revision.sha256:
            yield f"revision {revision.uuid}: its view is not what was frozen"
    for file in StoredFile.objects.of(business).iterator():
        if hashlib.sha256(bytes(file.content)).hexdigest() != file.sha256:
            yield f"file {file.uuid}: its bytes are not what was stored"


def check_events(business: Business) -> Damage:
    """Every event has a delivery for each endpoint that was subscribed, unchanged since, when it was committed."""
    for endpoint in Endpoint.objects.of(business).filter(deleted_at=None):
        events = Event.objects.of(business).filter(created_at__gt=endpoint.updated_at)
        if "*" not in endpoint.events:
            events = events.filter(type__in=endpoint.events)
        delivered = Delivery.objects.filter(endpoint=endpoint).values("event_id")
        for event in events.exclude(pk__in=delivered).exclude(type="webhook.test"):
            yield f"event {event.event_id} has no delivery for endpoint {endpoint.uuid}"


def check_statements(business: Business) -> Damage:
    """Each customer's statement of today proves itself: closing = ledger = Σ ageing."""
    pairs = Entry.objects.of(business).order_by().values_list("customer_id", "currency").distinct()
    customers = Customer.objects.of(business).select_related("business").in_bulk({pk for pk, _ in pairs})
    for pk, currency in pairs:
        try:
            prove(statement_of(customers[pk], Wanted(currency=currency)))
        except DomainError as error:
            yield f"customer {pk}: {error.message}"


CHECKS: tuple[Callable[[Business], Damage], ...] = (
    check_balances,
    check_invoices,
    check_sources,
    check_totals,
    check_numbers,
    check_documents,
    check_events,
    check_statements,
)

"""Events as Invoiced tells them: its names, its objects with the customer in full, and what they were before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from billing.models import CreditNote, Invoice, Payment, Quotation
from billing.public.account_statement import account_statement_url
from billing.public.receipt_file import receipt_url
from businesses.models import Business
from customers.models import Customer
from dialects.invoiced import document_mapping, mapping
from dialects.invoiced.customers import shown_customers
from dialects.invoiced.document_lookups import known_of
from dialects.invoiced.payment_mapping import show_payment
from dialects.invoiced.payments import invoice_pks
from invoicing.lib import json
from webhooks.models import Event

Native = Mapping[str, Any]
Pks = Mapping[str, int]  # of customers, by UUID
# Ours → Invoiced's. What is not here it does not know: it is neither listed nor sent.
NAMES = {
    **{f"customer.{verb}": f"customer.{verb}" for verb in ("created", "updated", "deleted")},
    **{f"invoice.{verb}": f"invoice.{verb}" for verb in ("created", "updated", "paid", "deleted")},
    **{f"invoice.{verb}": "invoice.updated" for verb in ("sent", "overdue", "cancelled")},
    **{f"quotation.{verb}": f"estimate.{verb}" for verb in ("created", "updated", "deleted")},
    **{f"quotation.{verb}": "estimate.updated" for verb in ("sent", "rejected", "expired", "converted")},
    "quotation.accepted": "estimate.approved",
    **{f"credit_note.{verb}": f"credit_note.{verb}" for verb in ("created", "updated", "deleted")},
    **{f"credit_note.{verb}": "credit_note.updated" for verb in ("sent", "cancelled")},
    **{f"payment.{verb}": f"payment.{verb}" for verb in ("created", "updated")},
    "payment.refunded": "payment.updated",
    "payment.voided": "payment.deleted",
    "webhook.test": "webhook.test",
}


def show_events(business: Business, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Events of a business, in that order; as many queries for many as for one of each kind.

    Objects are as they were told, but for what only Invoiced keeps and for the customer in them: those are as they are now.
    """
    told = [json.decode(event.data.encode()) for event in events]
    pairs = _objects(
        business, [event.type.partition(".")[0] for event in events], told, [_was(event) for event in events]
    )
    return [
        {
            "id": event.pk,
            "object": "event",
            "type": NAMES[event.type],
            "timestamp": int(event.created_at.timestamp()),
            "data": {"object": now},
            "previous": {name: value for name, value in before.items() if value != now[name]},
            "user": {"id": event.actor["id"], "name": event.actor["name"]},
        }
        for event, (now, before) in zip(events, pairs, strict=True)
    ]


def _was(event: Event) -> Native:
    return json.decode(event.previous.encode()) if event.previous else {}


def _objects(
    business: Business, nouns: Sequence[str], told: Sequence[Native], was: Sequence[Native]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What each event is about, as it was told and as it was before that."""
    natives = [data[noun] if noun in _SHOW else data for noun, data in zip(nouns, told, strict=True)]
    before = [_before(native, data, old) for native, data, old in zip(natives, told, was, strict=True)]
    pks = _customer_pks(business, [*natives, *before])
    found: list[tuple[dict[str, Any], dict[str, Any]]] = [(dict(native), {}) for native in natives]
    for noun, show in _SHOW.items():
        places = [index for index, one in enumerate(nouns) if one == noun]
        if places:
            asked = [natives[index] for index in places], [before[index] for index in places]
            shown = show(business, [*asked[0], *asked[1]], pks)
            for index, now, old in zip(places, shown[: len(places)], shown[len(places) :], strict=True):
                found[index] = now, old
    return _with_customers(business, found)


def _before(native: Native, data: Native, old: Native) -> Native:
    """The native object as it was: what of it the event says to have been something else."""
    known = {name: value for name, value in old.items() if name in native}
    status = {"status": data["previous_status"]} if data.get("previous_status") else {}
    return {**native, **status, **known}


def _customer_pks(business: Business, natives: Sequence[Native]) -> Pks:
    uuids = {native[name] for native in natives for name in ("customer_id", "parent_id") if native.get(name)}
    found = Customer.objects.of(business).filter(uuid__in=uuids).values_list("uuid", "pk") if uuids else []
    return {str(uuid): pk for uuid, pk in found}


def _with_customers(
    business: Business, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    pks = sorted({shown["customer"] for pair in pairs for shown in pair if "customer" in shown})
    found = dict(zip(pks, shown_customers(business, pks), strict=True)) if pks else {}

    def whole(shown: dict[str, Any]) -> dict[str, Any]:
        return {**shown, "customer": found[shown["customer"]]} if "customer" in shown else shown

    return [(whole(now), whole(before)) for now, before in pairs]


# Of each kind --------------------------------------------------------------------------------------------------------
def _rows(model: type[Any], business: Business, natives: Sequence[Native], *columns: str) -> list[dict[str, Any]]:
    """A row for each native object, in order; events' rows are never removed."""
    own = model.objects.of(business).filter(uuid__in={native["id"] for native in natives})
    found = {str(row["uuid"]): row for row in own.values("pk", "uuid", "extra", *columns)}
    return [found[native["id"]] for native in natives]


def _customers(business: Business, natives: Sequence[Native], pks: Pks) -> list[dict[str, Any]]:
    return [
        mapping.customer(
            native,
            pk=row["pk"],
            parent_pk=pks.get(native["parent_id"]),
            extra=row["extra"],
            country=business.country,
            statement_pdf_url=account_statement_url(row["uuid"]),
        )
        for native, row in zip(natives, _rows(Customer, business, natives), strict=True)
    ]


def _payments(business: Business, natives: Sequence[Native], pks: Pks) -> list[dict[str, Any]]:
    invoices = invoice_pks(business, {item["invoice_id"] for native in natives for item in native["allocations"]})
    return [
        show_payment(
            native,
            pk=row["pk"],
            customer_pk=pks[native["customer_id"]],
            invoice_pks=invoices,
            extra=row["extra"],
            time_zone=business.time_zone,
            pdf_url=receipt_url(row["uuid"]),
        )
        for native, row in zip(natives, _rows(Payment, business, natives), strict=True)
    ]


def _documents(
    model: type[Any], show: Callable[[Native, document_mapping.Known], dict[str, Any]]
) -> Callable[[Business, Sequence[Native], Pks], list[dict[str, Any]]]:
    def shown(business: Business, natives: Sequence[Native], pks: Pks) -> list[dict[str, Any]]:
        rows = [
            {**row, "customer_id": pks[native["customer_id"]]}
            for native, row in zip(natives, _rows(model, business, natives, "issued_at"), strict=True)
        ]
        known = known_of(model.noun, business, natives, rows)
        return [show(native, one) for native, one in zip(natives, known, strict=True)]

    return shown


_SHOW: dict[str, Callable[[Business, Sequence[Native], Pks], list[dict[str, Any]]]] = {
    "customer": _customers,
    "invoice": _documents(Invoice, document_mapping.show_invoice),
    "quotation": _documents(Quotation, document_mapping.show_estimate),
    "credit_note": _documents(CreditNote, document_mapping.show_credit_note),
    "payment": _payments,
}

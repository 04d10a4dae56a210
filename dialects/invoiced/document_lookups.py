"""What invoices, estimates and credit notes are shown from: rows, their native form, and what they refer to, in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from billing.models import CreditNoteLine, Invoice, InvoiceLine, QuotationLine
from billing.public.document_file import document_url
from businesses.models import Business
from dialects.door import rows_in_order
from dialects.invoiced.document_mapping import Known
from dialects.invoiced.items import item_ids
from dialects.invoiced.lines import Names
from dialects.invoiced.tax_rates import shown_tax_rates
from messaging.models import Message

LINES: dict[str, Any] = {"invoice": InvoiceLine, "quotation": QuotationLine, "credit_note": CreditNoteLine}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of the three: our model, how it is represented natively, and how its native representation is shown."""

    model: type[Any]
    columns: tuple[str, ...]
    represent: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
    show: Callable[[Mapping[str, Any], Known], dict[str, Any]]


def shown_documents(kind: Kind, business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Documents of a business by primary key, in that order."""
    rows = rows_in_order(kind.model.objects.of(business), pks, {*kind.columns, "customer_id", "extra", "issued_at"})
    natives = kind.represent(rows)
    return [
        kind.show(native, known)
        for native, known in zip(natives, known_of(kind.model.noun, business, natives, rows), strict=True)
    ]


def known_of(
    noun: str, business: Business, natives: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> list[Known]:
    """What is shown of these documents besides their native form: a query for each kind of thing they refer to.

    `rows` have pk, uuid, customer_id, extra and issued_at.
    """
    kept = [row["extra"].get("invoiced", {}) for row in rows]
    names = _names(noun, business, natives, rows, kept)
    uuids = [row["uuid"] for row in rows]
    about = Message.objects.of(business).filter(kind=noun, subject_id__in=uuids).values_list("subject_id", flat=True)
    mailed, others = set(about), _other_pks(noun, business, natives)
    return [
        Known(
            pk=row["pk"],
            customer_pk=row["customer_id"],
            kept=own,
            time_zone=business.time_zone,
            names=names,
            mailed=bool(own.get("sent")) or row["uuid"] in mailed,
            url=document_url(noun, row["uuid"]) if row["issued_at"] else None,
            other_pk=others.get(str(native.get("invoice_id"))) or own.get("invoice"),
        )
        for native, row, own in zip(natives, rows, kept, strict=True)
    ]


def _names(
    noun: str,
    business: Business,
    natives: Iterable[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    kept: Iterable[Mapping[str, Any]],
) -> Names:
    lines = [line for native in natives for line in native[f"{noun}_items"]]
    own = {f"{noun}__in": {row["pk"] for row in rows}}  # not by their ids: a page may have 100,000 lines
    pks = LINES[noun].objects.of(business).filter(**own).values_list("uuid", "pk")
    taxes = [tax for own in kept for tax in own.get("taxes", [])]
    taxes += [tax for own in kept for item in own.get("items", []) for tax in item.get("taxes", [])]
    return Names(
        line_pks={str(uuid): pk for uuid, pk in pks},
        item_ids=item_ids(business, {line["product_id"] for line in lines if line["product_id"]}),
        rates=shown_tax_rates(business, {tax["code"] for tax in taxes if tax["code"]}),
    )


def _other_pks(noun: str, business: Business, natives: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    uuids = {native["invoice_id"] for native in natives if native.get("invoice_id")} if noun != "invoice" else set()
    found = Invoice.objects.of(business).filter(uuid__in=uuids).values_list("uuid", "pk") if uuids else []
    return {str(uuid): pk for uuid, pk in found}


def was_mailed(noun: str) -> tuple[Q, Q]:
    """The condition that a document was mailed or marked as sent, and its opposite (a key that is not there is neither)."""
    about = Message.objects.filter(business=OuterRef("business"), kind=noun, subject_id=OuterRef("uuid"))
    marked, unmarked = Q(extra__invoiced__sent=True), Q(extra__invoiced__sent__isnull=True)
    return Q(Exists(about)) | marked, ~Q(Exists(about)) & (unmarked | Q(extra__invoiced__sent=False))

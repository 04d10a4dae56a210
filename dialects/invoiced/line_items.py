"""`/customers/{id}/line_items`, which wait for an invoice; that invoice, and the one that takes the place of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Invoice, PendingLine
from billing.serializers.pending_lines import PENDING_LINE_COLUMNS, represent_pending_lines
from billing.services.consolidation import NAME, Replaced, consolidate_invoices, kept_items, merge_extra
from billing.services.lines import LineDraft, draft_of
from billing.services.pending_lines import (
    create_pending_line,
    delete_pending_line,
    invoice_pending_lines,
    update_pending_line,
)
from businesses.models import Business
from customers.models import Customer
from dialects.door import Refusal, Tolerant, rows_in_order
from dialects.invoiced.changes import item_changes
from dialects.invoiced.document_inputs import Given, InvoiceInput, ItemInput
from dialects.invoiced.document_mapping import kept_fields
from dialects.invoiced.document_pricing import priced_lines, pricing_of
from dialects.invoiced.documents import DocumentView, inherit, read_new
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.inputs import Seconds
from dialects.invoiced.invoices import InvoiceView
from dialects.invoiced.items import facts_of, item_ids, products_by_code, taxes_of
from dialects.invoiced.lines import Line, Names, kept_lines, lines_before, read_line, show_lines
from dialects.invoiced.lists import filtered
from dialects.invoiced.mapping import day_of, unix
from dialects.invoiced.tax_rates import shown_tax_rates
from dialects.invoiced.taxes import Item, Taxed, add_taxes
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import CurrencyCode, read_body
from invoicing.lib.money import major_number, number, round_half_away

# Of a draft: what a line item decides.
_FIELDS = ("product", "description", "quantity", "unit_price", "discount_rate", "discount_amount")


class PendingInvoiceInput(InvoiceInput):
    """An invoice of what waits: its customer is in the path."""

    customer = None  # type: ignore[assignment]


class ConsolidateInput(Tolerant):
    """Which open invoices: those issued until then."""

    cutoff_date = Seconds()
    currency = CurrencyCode()


# Line items ------------------------------------------------------------------------------------------------------------
def shown_pending_lines(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Lines that wait, by primary key, in that order; four queries for all of them."""
    rows = rows_in_order(PendingLine.objects.of(business), pks, (*PENDING_LINE_COLUMNS, "customer_id", "extra"))
    kept = [row["extra"].get("invoiced", {}) for row in rows]
    names = Names(
        line_pks={str(row["uuid"]): row["pk"] for row in rows},
        item_ids=item_ids(business, {row["product__uuid"] for row in rows if row["product__uuid"]}),
        rates=shown_tax_rates(business, {tax["code"] for own in kept for tax in own.get("taxes", []) if tax["code"]}),
    )
    natives = represent_pending_lines(rows)
    return [_pending(native, row, own, names) for native, row, own in zip(natives, rows, kept, strict=True)]


def _pending(native: Mapping[str, Any], row: Mapping[str, Any], own: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """A line item with its customer; its tax is that of the line alone."""
    currency = row["currency"]
    tax = round_half_away(row["net_minor"] * Fraction(row["tax_rate"]) / 100)
    line = {**native, "tax_amount": major_number(tax, currency)}
    shown = show_lines([line], currency, {"items": [own]}, names).items[0]
    return {
        **shown,
        "metadata": native["metadata"] or [],
        "customer": row["customer_id"],
        "created_at": unix(native["created_at"]),
        "updated_at": unix(native["updated_at"]),
    }


def _read(customer: Customer, currency: str, body: Mapping[str, Any], before: PendingLine | None) -> dict[str, Any]:
    """A body as the services take it: fields of a draft, metadata and extra."""
    code = body.get("catalog_item")
    product = products_by_code(customer.business, [code])[code] if code else None
    own = customer.business.currency
    if product is not None and body.get("unit_cost") is None and before is None and currency != own:
        raise Invalid.field("unit_cost", f"The item's price is in {own}.")
    line = read_line(
        body,
        0,
        product=product,
        facts=facts_of(product.extra) if product else None,
        own_taxes=taxes_of(customer.business, [product])[product.pk] if product else (),
        before=_line_before(before) if before else None,
        taxable=customer.taxable,
    )
    taxed = _taxed(customer.business, currency, line.item)
    (kept,) = kept_lines([line], taxed)["items"]
    extra = before.extra if before else {}
    columns = {"extra": {**extra, "invoiced": kept}}
    columns |= {"metadata": body["metadata"]} if "metadata" in body else {}
    (draft,) = taxed.drafts
    rate = Decimal(number(draft.tax_rate or Decimal(0)))  # without the zeros that a sum may have
    return {**{name: getattr(draft, name) for name in _FIELDS}, "tax_rate": rate, **columns}


def _line_before(row: PendingLine) -> Line:
    draft = draft_of(row, row.currency)
    return lines_before([draft], {"items": [row.extra.get("invoiced", {})]})[row.uuid]


def _taxed(business: Business, currency: str, item: Item) -> Taxed:
    """The line with the sum of its rates. What takes something back is taxed as that something: no total is negative."""
    pricing = pricing_of(business, item.taxes, currency, rounding=business.rounding, discount=None)
    draft, price = item.draft, item.draft.unit_price or Decimal(0)
    if draft.quantity * price >= 0:
        return add_taxes([item], [], pricing)
    turned = add_taxes([replace(item, draft=replace(draft, unit_price=-price))], [], pricing)
    return replace(turned, drafts=[replace(turned.drafts[0], unit_price=price)])


class _OfCustomerView(InvoicedView):
    def customer(self, text: str) -> Customer:
        """The customer in the path."""
        return self.find_numbered(Customer.objects.live().select_related("business"), text, "Customer")


class LineItemView(_OfCustomerView):
    """Lines that wait for a customer's next invoice."""

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, str]:
        """What it is about in their words; here a line stands alone."""
        fields = [(field.removeprefix("items.0."), message) for field, message in refusal.fields]
        message = refusal.message.removeprefix("items.0.")
        return DocumentView.refuse(Refusal(refusal.status, message, fields, refusal.code))

    def create(self, request: Request, id: str) -> Response:  # noqa: A002
        """Put a line on the pile, in the customer's currency."""
        customer = self.customer(id)
        currency = customer.billing_currency
        given = _read(customer, currency, read_body(ItemInput, request), None)
        columns = {name: given.pop(name) for name in ("metadata", "extra") if name in given}
        line = create_pending_line(customer, LineDraft(**given), currency=currency, actor=self.actor, **columns)
        return self._send(line, 201)

    def list(self, request: Request, id: str) -> Response:  # noqa: A002
        """Newest first; metadata[…], updated_after."""
        rows = filtered(PendingLine.objects.of(self.business).filter(customer=self.customer(id)), self.asked, {})
        return self.send_page(rows, lambda pks: shown_pending_lines(self.business, pks))

    def retrieve(self, request: Request, id: str, line: str) -> Response:  # noqa: A002
        """One line that waits."""
        return self._send(self._find(id, line))

    def partial_update(self, request: Request, id: str, line: str) -> Response:  # noqa: A002
        """Change what is given."""
        row = self._find(id, line)
        body, shown = read_body(ItemInput, request, partial=True), shown_pending_lines(self.business, [row.pk])[0]
        given = item_changes({**body, "id": row.pk}, request.data, shown)
        changes = _read(row.customer, row.currency, given, row)
        return self._send(update_pending_line(row, changes=changes, actor=self.actor))

    def destroy(self, request: Request, id: str, line: str) -> Response:  # noqa: A002
        """Take it off the pile."""
        delete_pending_line(self._find(id, line), actor=self.actor)
        return Response(status=204)

    def _find(self, customer: str, line: str) -> PendingLine:
        rows = PendingLine.objects.filter(customer=self.customer(customer))
        return self.find_numbered(rows.select_related("business", "customer__business", "product"), line, "Line item")

    def _send(self, line: PendingLine, status: int = 200) -> Response:
        return self.send(shown_pending_lines(self.business, [line.pk])[0], status)


# Invoices --------------------------------------------------------------------------------------------------------------
class CustomerInvoicesView(InvoiceView):
    """Invoices made of what a customer has already."""

    def of_pending(self, request: Request, id: str) -> Response:  # noqa: A002
        """An invoice of what waits; issued, unless it is to be a draft."""
        customer = self.find_numbered(Customer.objects.live().select_related("business"), id, "Customer")
        body = read_new(PendingInvoiceInput, request)
        if body.pop("items", None):
            raise Invalid.field("items", "The items are those that wait: add others to them first.")
        inherit(body, Invoice.noun, customer)
        details = self.details(body, None)
        document = Invoice(business=self.business, customer=customer, rounding=self.business.rounding)
        for name, value in details.items():
            setattr(document, name, value)
        document.currency = document.currency or customer.billing_currency
        if "taxes" not in body and body.get("calculate_taxes", True) and customer.taxable:
            body["taxes"] = [Given(code=code) for code in customer.extra.get("invoiced", {}).get("taxes", [])]
        invoice = invoice_pending_lines(
            customer,
            details=details,
            number=body.get("number"),
            status=Invoice.Status.DRAFT if body.get("draft") else Invoice.Status.SENT,
            compose=lambda lines: _compose(document, body, lines),
            actor=self.actor,
        )
        self.attach(invoice, body)
        self._close(invoice, body)
        return self.send(self.shown_one(invoice), 201)

    def consolidate(self, request: Request, id: str) -> Response:  # noqa: A002
        """One invoice in the place of the open ones."""
        customer = self.find_numbered(Customer.objects.live().select_related("business"), id, "Customer")
        body = read_body(ConsolidateInput, request)
        until = day_of(body.get("cutoff_date"), self.business.time_zone)
        invoice = consolidate_invoices(
            customer, currency=body.get("currency"), until=until, extra=_merged, actor=self.actor
        )
        return self.send(self.shown_one(invoice), 201)


def _compose(
    document: Invoice, body: Mapping[str, Any], lines: Sequence[PendingLine]
) -> tuple[list[LineDraft], dict[str, Any]]:
    """What waits as an invoice's lines, with the taxes of the body or the customer besides their own."""
    before = [draft_of(line, line.currency) for line in lines]
    items = [
        {"description": line.description, **line.extra.get("invoiced", {}), "metadata": line.metadata} for line in lines
    ]
    drafts, kept = priced_lines(document, body, {"items": items}, before)
    kept["items"] = [
        {**item, "description": draft.description} for item, draft in zip(kept["items"], drafts, strict=True)
    ]
    same = [
        replace(
            draft, uuid=None, tax_category=old.tax_category if draft.tax_rate == old.tax_rate else draft.tax_category
        )
        for draft, old in zip(drafts, before, strict=True)
    ]
    return same, {"invoiced": {**kept_fields(body, "invoice"), **kept}}


def _merged(replaced: Sequence[Replaced]) -> dict[str, Any]:
    """What is kept of the lines; a document's taxes become those of its lines."""
    items = []
    for old in replaced:
        of_document = old.invoice.extra.get("invoiced", {}).get("taxes", [])
        for item in kept_items(old, "invoiced"):
            taxes = [*item.get("taxes", []), *(of_document if item.get("taxable", True) else [])]
            items.append({**item, "taxes": taxes} if item else {})
    return {**merge_extra(replaced), "invoiced": {"name": NAME, "items": items, "taxes": []}}

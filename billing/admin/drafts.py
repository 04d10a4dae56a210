"""The editor of a draft: its head and lines as forms, read into what the services take, priced by the one calculator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from billing.admin.amounts import NumberField, day, discounts, money, plain
from billing.admin.forms import HEADS, LineForm, LineFormSet
from billing.models import Document, Invoice, Product
from billing.payment_terms import due_date
from billing.services.documents import check_discount
from billing.services.lines import LineDraft, drafts_of, price
from billing.totals import Totals
from businesses.models import Business
from customers.models import Customer
from invoicing.lib import clock
from invoicing.lib.errors import Detail, DomainError

PREFIX = "lines"
_LINE = re.compile(r"^items\.(\d+)(?:\.(\w+))?$")


class Editor:
    """Head and lines of a new draft (`row` None) or of one that is there, shown or sent (`data`)."""

    def __init__(
        self,
        business: Business,
        model: type[Document],
        row: Any = None,
        data: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.business, self.model, self.row = business, model, row
        shown = {**_head_of(business, row), **(initial or {})}
        self.head = HEADS[model](data, initial=shown, business=business, model=model, fixed=row is not None)
        if data is not None:
            self.lines = LineFormSet(data, prefix=PREFIX)
        else:
            self.lines = LineFormSet(initial=_lines_of(row) or [{}], prefix=PREFIX)

    @property
    def filled(self) -> list[LineForm]:
        """The lines into which something was typed, in their order."""
        return [form for form in self.lines.forms if form.has_changed()]

    def is_valid(self) -> bool:
        """Whether head and lines can be given to a service; otherwise the forms say what is wrong."""
        well = bool(self.head.is_valid() & self.lines.is_valid())
        if not self.filled:
            self.head.add_error(None, "Add at least one line.")
            return False
        return well and self._find_products()

    def _find_products(self) -> bool:
        products = self._products()
        for form in self.filled:
            wanted = form.cleaned_data.get("product")
            if wanted and wanted not in products:
                form.add_error("description", "This product is not there any more.")
        return not any(form.errors for form in self.filled)

    def _products(self) -> dict[UUID, Product]:
        """The products that are named, live or already on this document's lines."""
        named = (form.cleaned_data.get("product") for form in self.filled if form.is_valid())
        wanted: set[UUID] = {uuid for uuid in named if uuid}
        if not wanted:
            return {}
        kept = self.row.lines.values("product") if self.row else Product.objects.none().values("pk")
        rows = Product.objects.of(self.business).filter(Q(deleted_at=None) | Q(pk__in=kept), uuid__in=wanted)
        return {row.uuid: row for row in rows}

    def drafts(self) -> list[LineDraft]:
        """The valid lines as the services take them."""
        products = self._products()
        return [_draft(form.cleaned_data, products) for form in self.filled if form.is_valid()]

    def changed_lines(self) -> list[LineDraft] | None:
        """As `drafts`, None where they are as they are stored."""
        drafts = self.drafts()
        return None if drafts == drafts_of(self.row) else drafts

    def refuse(self, error: DomainError) -> None:
        """Show what a service refused: on the line and field it named, else on the head."""
        others = []
        for detail in error.details:
            found = _LINE.match(detail.field)
            if found and int(found[1]) < len(self.filled):
                _refuse_line(self.filled[int(found[1])], found[2] or "", detail.message)
            else:
                others.append(detail)
        if others or not error.details:
            self.head.refuse(type(error)(error.message, code=error.code, details=others))


def _refuse_line(form: LineForm, field: str, message: str) -> None:
    name = form.names.get(field, field)
    form.add_error(name if name in form.fields else None, message)


def _head_of(business: Business, row: Any) -> dict[str, Any]:
    if row is None:
        return {"issue_date": clock.today(business.time_zone), "template_type": business.template}
    names = (name for name in HEADS[type(row)].base_fields if name not in {"number", "customer"})
    return {"customer": row.customer_id, **{name: getattr(row, name) for name in names}}


def _lines_of(row: Any) -> list[dict[str, Any]]:
    names = [name for name in LineForm.base_fields if name != "product"]
    return [
        {**{name: getattr(draft, name) for name in names}, "product": draft.product and draft.product.uuid}
        for draft in (drafts_of(row) if row is not None else [])
    ]


def _draft(data: Mapping[str, Any], products: Mapping[UUID, Product]) -> LineDraft:
    given: dict[str, Any] = {name: None if value == "" else value for name, value in data.items() if name != "product"}
    return LineDraft(**given, product=products.get(data["product"]))


# Preview -----------------------------------------------------------------------------------------------------------------
def preview(editor: Editor) -> dict[str, Any]:
    """What the draft would come to, of the lines that are complete: the totals that follow while a person types."""
    editor.head.is_valid()
    complete = [form for form in editor.filled if form.is_valid()]
    document = _unsaved(editor)
    if unread := _unread(editor):
        return {"error": unread}
    try:
        check_discount(document)
        totals = price(document, editor.drafts())
    except DomainError as refusal:
        first = refusal.details[0] if refusal.details else Detail("", refusal.message)
        return {"error": first.message}
    amounts = {form.prefix: line.net + line.share for form, line in zip(complete, totals.lines, strict=True)}
    return {
        "lines": [_shown(amounts.get(form.prefix), document) for form in editor.lines.forms],
        "totals": shown_totals(totals, document),
        "currency": document.currency,
        "due": _due(editor, document),
    }


def _unread(editor: Editor) -> str:
    """The first number that was typed and cannot be read: a total without its line would be a wrong one."""
    for number, form in enumerate(editor.filled, 1):
        for name, errors in form.errors.items():
            if isinstance(form.fields.get(name), NumberField) and form[name].data:
                return f"Line {number}, {form.fields[name].label or name.replace('_', ' ')}: {errors[0]}"
    return ""


def _unsaved(editor: Editor) -> Document:
    given = editor.head.cleaned_data
    business = editor.business
    customer = given.get("customer") or (editor.row.customer if editor.row else Customer(business=business))
    document = editor.model(business=business, customer=customer)
    document.currency = given.get("currency") or customer.currency or business.currency
    document.rounding = editor.row.rounding if editor.row else business.rounding
    value = given.get("discount_value")
    if value is not None:  # not typed yet: no discount
        document.discount_type, document.discount_value = given.get("discount_type") or None, value
    return document


def _due(editor: Editor, document: Document) -> str:
    """When a new invoice would be due by the payment terms."""
    if not isinstance(document, Invoice):
        return ""
    issued = editor.head.cleaned_data.get("issue_date")
    terms = document.customer.payment_terms or editor.business.payment_terms
    found = due_date(terms, issued) if issued and terms else None
    return f"{terms}: {day(found, editor.business)}" if found else ""


def _shown(minor: int | None, document: Document) -> str:
    return "" if minor is None else money(minor, document.currency, document.business)


def shown_totals(totals: Totals, document: Document) -> list[dict[str, str]]:
    """The rows beneath the lines: gross, discount, subtotal, each tax, total."""
    rows = discounts(totals.gross, totals.discount, sum(line.discount for line in totals.lines))
    rows.append(("subtotal", "Subtotal", totals.subtotal))
    for tax in totals.taxes:
        if tax.rate or tax.tax:
            rows.append(("tax", f"Tax {plain(tax.rate)} %", tax.tax))
    rows.append(("grand", "Total", totals.total))
    return [{"kind": kind, "name": name, "amount": _shown(minor, document)} for kind, name, minor in rows]

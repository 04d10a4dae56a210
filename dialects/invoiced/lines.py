"""Between Invoiced's line items and our lines: what becomes a line, and what is only kept of it. Pure.

What is kept stands in the document's `extra`, a dictionary for each line in order, and is shown for as long as the line's
description is still the one that was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.models import Product
from billing.services.lines import LineDraft
from dialects.invoiced.document_inputs import Given
from dialects.invoiced.items import ItemFacts
from dialects.invoiced.taxes import Item, Kept, Taxed, divide_tax, percent_text
from invoicing.lib.errors import Invalid
from invoicing.lib.money import major_number, to_minor

MAX_DESCRIPTION = 5_000  # characters, as natively
_KEPT: dict[str, Any] = {"type": None, "discountable": True, "taxable": True, "metadata": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line item that was read: what is priced, and what is only kept."""

    item: Item
    kept: dict[str, Any]


# In ------------------------------------------------------------------------------------------------------------------
def read_line(
    body: Mapping[str, Any],
    index: int,
    *,
    product: Product | None,
    facts: ItemFacts | None,
    own_taxes: Sequence[tuple[str | None, Decimal]] = (),
    before: Line | None,
    taxable: bool,
) -> Line:
    """A line item of a body, over the one `before` that it names by its id.

    `facts` and `own_taxes` are the product's, `taxable` the customer's.
    """
    kept = {**_KEPT, **(before.kept if before else _said(facts))}
    kept |= {name: body[name] for name in _KEPT if name in body}
    draft = before.item.draft if before else LineDraft(quantity=Decimal(1))
    draft = replace(draft, **_priced(body), **_described(body, draft, product))
    if draft.unit_price is None and product is not None:
        draft = replace(draft, unit_price=product.unit_price)
    if draft.unit_price is None:
        raise Invalid.field(f"items.{index}.unit_cost", "This field is required without catalog_item.")
    if not draft.description:
        raise Invalid.field(f"items.{index}.name", "This field is required without catalog_item.")
    if len(draft.description) > MAX_DESCRIPTION:
        raise Invalid.field(f"items.{index}.name", f"At most {MAX_DESCRIPTION:,} characters with the description.")
    bears = taxable and kept["taxable"]
    taxes = body.get("taxes")
    if taxes is not None:
        taxes = as_kept(taxes, before.item.taxes if before else ())
    elif before:
        taxes = before.item.taxes
    else:
        taxes = [{"code": code, "percent": percent_text(rate)} for code, rate in own_taxes]
        if product is not None and bears and all(code is None for code, _ in own_taxes):
            draft = replace(draft, tax_rate=product.tax_rate, tax_category=product.tax_category)
    kept["description"] = draft.description
    apart = before is not None and before.kept["taxable"] and not before.item.taxable and "taxes" not in body
    return Line(item=Item(draft=draft, taxes=taxes if bears else [], taxable=bears and not apart), kept=kept)


def _priced(body: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"quantity": "quantity", "unit_cost": "unit_price"}
    given: dict[str, Any] = {ours: body[theirs] for theirs, ours in fields.items() if body.get(theirs) is not None}
    if "discounts" in body:
        given["discount_amount"] = sum((one.amount or Decimal(0) for one in body["discounts"]), Decimal(0)) or None
        given["discount_rate"] = None
    return given


def _described(body: Mapping[str, Any], draft: LineDraft, product: Product | None) -> dict[str, Any]:
    """A line's name is its description's first line."""
    name, _, text = (draft.description or "").partition("\n")
    if product is not None:
        name, text = name or product.name, text or (product.description or "")
    name = body.get("name", name) or ""
    text = body.get("description", text) or ""
    return {"description": "\n".join((name, text)) if text else name, **({"product": product} if product else {})}


def _said(facts: ItemFacts | None) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in ("type", "discountable", "taxable")} if facts else {}


def as_kept(taxes: Sequence[Given | Kept], before: Sequence[Given | Kept]) -> list[Given | Kept]:
    """Taxes of a body; the rates among them that were there before stay what they are, also where they are deleted since."""
    old = {tax["code"]: tax for tax in before if not isinstance(tax, Given) and tax["code"]}
    return [old.get(tax.code, tax) if isinstance(tax, Given) and tax.code else tax for tax in taxes]


def lines_before(drafts: Sequence[LineDraft], kept: Mapping[str, Any], *, taxes_stay: bool = True) -> dict[UUID, Line]:
    """A stored document's lines as they can be sent again, by their ids; what Invoiced has no word for stays with them.

    A line with another rate than was kept has that rate as a tax of its own; the document's, if they stay, are no part of it.
    """
    found = {}
    for draft, own in zip(drafts, kept_of([draft.description or "" for draft in drafts], kept), strict=True):
        taxes, rate = list(own.get("taxes", [])), draft.tax_rate or Decimal(0)
        of_document = kept.get("taxes", []) if own["taxable"] else []
        taxable = bool(own["taxable"])
        if sum((Decimal(tax["percent"]) for tax in (*taxes, *of_document)), Decimal(0)) != rate:
            taxes = [{"code": None, "percent": percent_text(rate)}] if rate else []
            taxable = taxable and not taxes_stay
        item = Item(draft=draft, taxes=taxes, taxable=taxable)
        assert draft.uuid is not None  # noqa: S101 - drafts of stored lines have one
        found[draft.uuid] = Line(
            item=item, kept={**{name: own[name] for name in _KEPT}, "description": draft.description}
        )
    return found


def kept_lines(lines: Sequence[Line], taxed: Taxed) -> dict[str, Any]:
    """What a document keeps of its lines and taxes."""
    items = [{**line.kept, "taxes": own} for line, own in zip(lines, taxed.of_lines, strict=True)]
    return {"items": items, "taxes": taxed.of_document}


def kept_of(descriptions: Sequence[str], kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was kept of each of these lines; the defaults for one that is not, or no longer, what was sent."""
    items = kept.get("items", [])
    found = []
    for index, description in enumerate(descriptions):
        own = items[index] if index < len(items) else {}
        found.append({**_KEPT, **own} if own.get("description") == description else {**_KEPT, "taxes": []})
    return found


# Out -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The lines of a document as shown, what their prices add up to, and the document's own taxes, in minor units."""

    items: list[dict[str, Any]]
    subtotal_minor: int
    taxes_minor: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How what a line refers to is spelt: line ids, catalogue ids of products, and tax rates by code."""

    line_pks: Mapping[str, int]
    item_ids: Mapping[str, str]
    rates: Mapping[str, Mapping[str, Any]]


def show_lines(lines: Sequence[Mapping[str, Any]], currency: str, kept: Mapping[str, Any], names: Names) -> Shown:
    """Our lines as line items; `kept` is what the document keeps."""
    of_document: list[Kept] = kept.get("taxes", [])
    items, subtotal, taxes = [], 0, [0] * len(of_document)
    for line, own in zip(lines, kept_of([line["description"] for line in lines], kept), strict=True):
        gross = to_minor(Decimal(line["quantity"]) * Decimal(line["unit_price"]), currency)
        shares = divide_tax(
            to_minor(Decimal(line["tax_amount"]), currency),
            Decimal(line["tax_rate"]),
            own.get("taxes", []),
            of_document if own["taxable"] else [],
        )
        for index, part in enumerate(shares.of_document):
            taxes[index] += part
        subtotal += gross
        items.append(_item(line, currency, own, gross, shares.own, names))
    return Shown(items=items, subtotal_minor=subtotal, taxes_minor=taxes)


def _item(
    line: Mapping[str, Any],
    currency: str,
    own: Mapping[str, Any],
    gross: int,
    taxes: Sequence[tuple[str | None, int]],
    names: Names,
) -> dict[str, Any]:
    name, _, description = line["description"].partition("\n")
    pk = names.line_pks.get(str(line["id"]))
    discounts = [show_discount(line["discount_amount"], pk)] if line["discount_amount"] else []
    return {
        "id": pk,
        "object": "line_item",
        "catalog_item": names.item_ids.get(str(line["product_id"])) if line["product_id"] else None,
        "type": own["type"],
        "name": name,
        "description": description or None,
        "quantity": line["quantity"],
        "unit_cost": line["unit_price"],
        "amount": major_number(gross, currency),
        "discountable": own["discountable"],
        "discounts": discounts,
        "taxable": own["taxable"],
        "taxes": [show_tax(code, part, currency, pk, names) for code, part in taxes],
        "metadata": own["metadata"] or [],
    }


def show_discount(amount: Any, pk: int | None) -> dict[str, Any]:
    """A discount of the line or document with this id."""
    return {"id": pk, "object": "discount", "amount": amount, "coupon": None, "expires": None}


def show_tax(code: str | None, minor: int, currency: str, pk: int | None, names: Names) -> dict[str, Any]:
    """A tax of the line or document with this id."""
    rate = names.rates.get(code) if code else None
    return {"id": pk, "object": "tax", "amount": major_number(minor, currency), "tax_rate": rate}

"""The lines and taxes of a body, priced: what the services take of them, and what the document keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from billing.models import Product
from billing.services.lines import LineDraft
from billing.totals import DocumentDiscount
from businesses.models import Business
from dialects.invoiced.document_inputs import Given
from dialects.invoiced.document_lookups import LINES
from dialects.invoiced.items import facts_of, products_by_code, taxes_of
from dialects.invoiced.lines import Line, as_kept, kept_lines, lines_before, read_line
from dialects.invoiced.tax_rates import categories_of, rates_by_code
from dialects.invoiced.taxes import Item, Kept, Pricing, add_taxes
from invoicing.lib.errors import Invalid


def priced_lines(
    document: Any, body: Mapping[str, Any], kept: Mapping[str, Any], before: Sequence[LineDraft]
) -> tuple[list[LineDraft], dict[str, Any]]:
    """The lines of a body (or those from before) with its taxes (or those that were kept), and what to keep of both."""
    old = lines_before(before, kept, taxes_stay="taxes" not in body)
    lines = _lines(document, body["items"], old) if "items" in body else list(old.values())
    old_taxes = kept.get("taxes", [])
    taxes = as_kept(body.get("taxes", old_taxes), old_taxes)
    items = [line.item for line in lines]
    taxed = add_taxes(items, taxes, _pricing(document, items, taxes))
    return taxed.drafts, kept_lines(lines, taxed)


def _lines(document: Any, items: Sequence[Mapping[str, Any]], old: Mapping[UUID, Line]) -> list[Line]:
    products = products_by_code(document.business, [item["catalog_item"] for item in items if item.get("catalog_item")])
    pks = {pk: uuid for uuid, pk in LINES[document.noun].objects.filter(uuid__in=list(old)).values_list("uuid", "pk")}
    own_taxes = taxes_of(document.business, products.values())
    read = []
    for index, item in enumerate(items):
        product = products.get(item.get("catalog_item") or "")
        _check_currency(product, item, document, index)
        before = old.get(pks[item["id"]]) if item.get("id") in pks else None
        read.append(
            read_line(
                item,
                index,
                product=product,
                facts=facts_of(product.extra) if product else None,
                own_taxes=own_taxes[product.pk] if product else (),
                before=before,
                taxable=document.customer.taxable,
            )
        )
    return read


def _pricing(document: Any, items: Iterable[Item], taxes: Iterable[Given | Kept]) -> Pricing:
    discount = None
    if document.discount_type and document.discount_value is not None:
        discount = DocumentDiscount(document.discount_type, document.discount_value)
    every = [*taxes, *(tax for item in items for tax in item.taxes)]
    return pricing_of(document.business, every, document.currency, rounding=document.rounding, discount=discount)


def pricing_of(
    business: Business,
    taxes: Iterable[Given | Kept],
    currency: str,
    *,
    rounding: str,
    discount: DocumentDiscount | None,
) -> Pricing:
    """What these taxes depend on; Invalid names the first that is given and is not there."""
    given: list[str] = []
    kept: list[str] = []
    for tax in taxes:
        code = tax.code if isinstance(tax, Given) else tax["code"]
        if code:
            (given if isinstance(tax, Given) else kept).append(code)
    return Pricing(
        currency=currency,
        rounding=rounding,
        discount=discount,
        rates=rates_by_code(business, given),
        categories=categories_of(business, kept),
    )


def _check_currency(product: Product | None, item: Mapping[str, Any], document: Any, index: int) -> None:
    """A catalogue's price is in the business's currency."""
    if product is not None and item.get("unit_cost") is None and document.currency != document.business.currency:
        raise Invalid.field(f"items.{index}.unit_cost", f"The item's price is in {document.business.currency}.")

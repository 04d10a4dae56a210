"""`/items`: our products under ids that are text, and the items that lines name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Product, TaxRate
from billing.serializers.products import PRODUCT_COLUMNS, represent_products
from billing.services.products import create_product, delete_product, update_product
from businesses.models import Business
from dialects.door import Tolerant, rows_in_order
from dialects.invoiced.changes import changes_of
from dialects.invoiced.coded import Code, CodedView
from dialects.invoiced.inputs import Amount, Flag, Pairs
from dialects.invoiced.lists import equals, filtered, order
from dialects.invoiced.mapping import unix
from dialects.invoiced.tax_rates import RateIds, rates_by_code, shown_tax_rates
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import CurrencyCode, LongText, Text, read_body

# What we keep and give back, and what it is where nothing was given.
_KEPT: dict[str, Any] = {
    "type": None,
    "discountable": True,
    "avalara_tax_code": None,
    "avalara_location_code": None,
    "gl_account": None,
}
_FIELDS = {"name": "name", "description": "description", "unit_cost": "unit_price", "metadata": "metadata"}
_FILTERS = {"id": equals("slug"), "name": equals("name"), "type": equals("extra__invoiced__type")}
_SORTS = {"id": "slug", "name": "name_folded", "created_at": "pk", "updated_at": "updated_at"}


class ItemInput(Tolerant):
    """An item."""

    id = Code()
    name = Text(required=True, max_length=200)
    currency = CurrencyCode()
    unit_cost = Amount(required=False)
    description = LongText()
    type = Text(max_length=50)
    taxable = Flag()
    taxes = RateIds()
    discountable = Flag()
    avalara_tax_code = Text(max_length=100)
    avalara_location_code = Text(max_length=100)
    gl_account = Text(max_length=100)
    metadata = Pairs()


# For lines -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What an item says of its lines that a product does not; `taxes` are codes of tax rates."""

    type: str | None
    discountable: bool
    taxable: bool
    taxes: tuple[str, ...]


def facts_of(extra: Mapping[str, Any]) -> ItemFacts:
    """The facts that are kept in a product's `extra`, with the defaults of the format."""
    kept = extra.get("invoiced", {})
    return ItemFacts(
        type=kept.get("type"),
        discountable=kept.get("discountable", True),
        taxable=kept.get("taxable", True),
        taxes=tuple(kept.get("taxes", ())),
    )


def taxes_of(business: Business, products: Iterable[Product]) -> dict[int, list[tuple[str | None, Decimal]]]:
    """What lines of these products bear, by primary key: codes and percents; without a code what was given natively since.

    Deleted tax rates count: the item bears them still.
    """
    codes = {row.pk: facts_of(row.extra).taxes for row in products}
    wanted = {code for own in codes.values() for code in own}
    rows = TaxRate.objects.of(business).filter(code__in=wanted) if wanted else TaxRate.objects.none()
    rates: dict[str, Decimal] = dict(rows.values_list("code", "rate"))
    found: dict[int, list[tuple[str | None, Decimal]]] = {}
    for row in products:
        own = [(code, rates[code]) for code in codes[row.pk] if code in rates]
        if sum((rate for _, rate in own), Decimal(0)) == row.tax_rate:
            found[row.pk] = list(own)
        else:
            found[row.pk] = [(None, row.tax_rate)] if row.tax_rate else []
    return found


def products_by_code(business: Business, ids: Iterable[str]) -> dict[str, Product]:
    """The live products with these ids; Invalid names the first id that there is none for."""
    wanted = list(dict.fromkeys(ids))
    found = (
        {str(row.slug): row for row in Product.objects.of(business).live().filter(slug__in=wanted)} if wanted else {}
    )
    unknown = next((code for code in wanted if code not in found), None)
    if unknown is not None:
        raise Invalid.field("catalog_item", f"No such item: {unknown[:50]}")
    return found


def item_ids(business: Business, uuids: Iterable[UUID | str]) -> dict[str, str]:
    """The ids of products by their UUIDs, deleted ones too."""
    wanted = [str(uuid) for uuid in uuids]
    rows = Product.objects.of(business).filter(uuid__in=wanted) if wanted else Product.objects.none()
    return {str(uuid): str(slug) for uuid, slug in rows.values_list("uuid", "slug")}


# Out -------------------------------------------------------------------------------------------------------------------
def shown_items(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Products of a business by primary key, in that order."""
    rows = rows_in_order(Product.objects.of(business), pks, (*PRODUCT_COLUMNS, "slug", "extra"))
    facts = [facts_of(row["extra"]) for row in rows]
    rates = shown_tax_rates(business, {code for fact in facts for code in fact.taxes})
    return [
        _item(native, row, fact, [rates[code] for code in fact.taxes if code in rates], business.currency.lower())
        for native, row, fact in zip(represent_products(rows), rows, facts, strict=True)
    ]


def _item(
    native: Mapping[str, Any], row: Mapping[str, Any], fact: ItemFacts, taxes: list[dict[str, Any]], currency: str
) -> dict[str, Any]:
    """An item; its taxes as long as they are what the product bears."""
    bears = Decimal(native["tax_rate"])
    mine = bears == sum((Decimal(tax["value"]) for tax in taxes), Decimal(0))
    kept = row["extra"].get("invoiced", {})
    return {
        "id": row["slug"],
        "object": "item",
        **{theirs: native[ours] for theirs, ours in _FIELDS.items()},
        **{name: kept.get(name, default) for name, default in _KEPT.items()},
        "currency": currency,
        "taxable": fact.taxable or bears != 0,
        "taxes": taxes if mine or (not fact.taxable and not bears) else [],
        "metadata": native["metadata"] or [],
        "created_at": unix(native["created_at"]),
        "updated_at": unix(native["updated_at"]),
    }


# The calls -------------------------------------------------------------------------------------------------------------
class ItemView(CodedView):
    """Items of the business; prices are in its currency."""

    def create(self, request: Request) -> Response:
        """A new item."""
        body = read_body(ItemInput, request)
        columns = {"unit_price": Decimal(0), **self._columns(body, {})}
        return self._send(create_product(self.business, slug=body.get("id"), actor=self.actor, **columns), 201)

    def list(self, request: Request) -> Response:
        """Newest first, or by `sort`; filter[…], metadata[…], updated_after."""
        rows = filtered(Product.objects.of(self.business).live(), self.asked, _FILTERS)
        return self.send_page(rows, lambda pks: shown_items(self.business, pks), *order(self.asked, _SORTS))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One item."""
        return self._send(self._find(id))

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change what is given but the id; documents keep what they were made with."""
        product = self._find(id)
        body = changes_of(read_body(ItemInput, request, partial=True), request.data, self._shown(product))
        if body.get("id", product.slug) != product.slug:
            raise Invalid.field("id", "The id of an item does not change: create another item.")
        changes = self._columns(body, product.extra)
        return self._send(update_product(product, changes=changes, actor=self.actor))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take it off lists and new documents."""
        delete_product(self._find(id), actor=self.actor)
        return Response(status=204)

    def _columns(self, body: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
        own = self.business.currency
        if body.get("currency") not in (None, own):
            raise Invalid.field("currency", f"Items are priced in the currency of the business, {own.lower()}.")
        columns = {ours: body[theirs] for theirs, ours in _FIELDS.items() if theirs in body}
        kept = {name: body[name] for name in (*_KEPT, "taxable", "taxes") if name in body}
        if kept:
            columns["extra"] = {**extra, "invoiced": {**extra.get("invoiced", {}), **kept}}
        if "taxable" in body or "taxes" in body:
            columns |= self._tax(facts_of(columns["extra"]), facts_of(extra))
        return columns

    def _tax(self, now: ItemFacts, before: ItemFacts) -> dict[str, Any]:
        """The product's rate, where the taxes are others now: their sum, or nothing where it is not taxable."""
        if (now.taxable, now.taxes) == (before.taxable, before.taxes):
            return {}
        asked = now.taxes if now.taxable or now.taxes != before.taxes else ()
        rates = rates_by_code(self.business, asked)
        rate = sum((rates[code].rate for code in now.taxes), Decimal(0)) if now.taxable else Decimal(0)
        if rate > 100:
            raise Invalid.field("taxes", "The taxes are more than 100 percent.")
        return {"tax_rate": rate}

    def _find(self, code: str) -> Product:
        return self.find_coded(Product.objects.live(), "slug", code, "Item")

    def _send(self, product: Product, status: int = 200) -> Response:
        return self.send(self._shown(product), status)

    def _shown(self, product: Product) -> dict[str, Any]:
        return shown_items(self.business, [product.pk])[0]

"""`/items`: our products."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Product
from billing.serializers.products import PRODUCT_COLUMNS, represent_products
from billing.services.products import create_product, delete_product, update_product
from businesses.models import Business
from dialects.corebill import ids, mapping
from dialects.corebill.door import CoreBillView
from dialects.corebill.inputs import ItemInput
from dialects.door import rows_in_order
from invoicing.lib.fields import read_body
from invoicing.lib.text import fold

_KEPT = ("item_type", "category")


def shown_items(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Products of a company by primary key, in that order."""
    rows = rows_in_order(Product.objects.of(business), pks, (*PRODUCT_COLUMNS, "extra"))
    return [
        mapping.item(native, row["pk"], row["extra"], business.currency)
        for native, row in zip(represent_products(rows), rows, strict=True)
    ]


class ItemView(CoreBillView):
    """Items of the company; prices are in its currency."""

    def create(self, request: Request) -> Response:
        """A new item."""
        columns = self._columns(read_body(ItemInput, request), {})
        return self.send(self._shown(create_product(self.business, actor=self.actor, **columns)), 201)

    def list(self, request: Request) -> Response:
        """Newest first; `query` is a part of the name, `category` the whole of it."""
        rows = Product.objects.live()
        if query := self.parameters.get("query"):
            rows = rows.filter(name_folded__contains=fold(query))
        if category := self.parameters.get("category"):
            rows = rows.filter(extra__corebill__category=category)
        return self.send_cursor(rows, ids.ITEM, "items", lambda pks: shown_items(self.business, pks))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One item."""
        return self.send(self._shown(self._find(id)))

    def update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the fields that are given; documents keep what they were made with."""
        product = self._find(id)
        changes = self._columns(read_body(ItemInput, request, partial=True), product.extra)
        return self.send(self._shown(update_product(product, changes=changes, actor=self.actor)))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take it off lists and new documents."""
        return self.deleted(ids.ITEM, delete_product(self._find(id), actor=self.actor).pk, "item")

    def _columns(self, body: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
        columns = {mapping.ITEM_FIELDS[name]: value for name, value in body.items() if name in mapping.ITEM_FIELDS}
        kept = {name: body[name] for name in _KEPT if name in body}
        return {**columns, "extra": {**extra, "corebill": {**extra.get("corebill", {}), **kept}}} if kept else columns

    def _find(self, text: str) -> Product:
        return self.find_spelt(Product.objects.live(), ids.ITEM, text, "Item")

    def _shown(self, product: Product) -> dict[str, Any]:
        return shown_items(self.business, [product.pk])[0]

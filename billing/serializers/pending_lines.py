"""Lines that wait for an invoice, as the API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.models import PendingLine
from businesses.serializers import columns_of
from invoicing.lib import clock
from invoicing.lib.fields import Number
from invoicing.lib.money import major_number, number

_PLAIN = ("description", "unit", "product_code", "tax_category", "exemption_reason", "metadata")
PENDING_LINE_COLUMNS = (
    *("uuid", "business__uuid", "customer__uuid", "product__uuid", "currency", *_PLAIN),
    *("quantity", "unit_price", "discount_rate", "tax_rate", "gross_minor", "discount_minor", "net_minor"),
    *("created_at", "updated_at"),
)


class PendingLineOutput(serializers.ModelSerializer[PendingLine]):
    """A line that waits for the customer's next invoice. `net_amount` is without tax, which depends on that invoice."""

    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    customer_id = serializers.UUIDField()
    product_id = serializers.UUIDField(allow_null=True)
    quantity = Number()
    unit_price = Number()
    discount_rate = Number(decimal_places=4, allow_null=True)
    discount_amount = Number(decimal_places=3)
    tax_rate = Number(decimal_places=4)
    net_amount = Number(decimal_places=3)
    metadata = serializers.DictField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    class Meta:
        model = PendingLine
        fields = [
            *("id", "business_id", "customer_id", "currency", "product_id", "description", "quantity", "unit"),
            *("unit_price", "product_code", "discount_rate", "discount_amount", "tax_rate", "tax_category"),
            *("exemption_reason", "net_amount", "metadata", "created_at", "updated_at"),
        ]


def represent_pending_lines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of PENDING_LINE_COLUMNS as PendingLineOutput says."""
    return [_pending_line(row) for row in rows]


def represent_pending_line(line: PendingLine) -> dict[str, Any]:
    """A line as it stands in memory."""
    return _pending_line(columns_of(line, PENDING_LINE_COLUMNS))


def _pending_line(row: dict[str, Any]) -> dict[str, Any]:
    rate, currency = row["discount_rate"], row["currency"]
    return {
        "id": row["uuid"],
        "business_id": row["business__uuid"],
        "customer_id": row["customer__uuid"],
        "currency": currency,
        "product_id": row["product__uuid"],
        **{name: row[name] for name in _PLAIN},
        "quantity": number(row["quantity"]),
        "unit_price": number(row["unit_price"]),
        "discount_rate": None if rate is None else number(rate),
        "discount_amount": major_number(row["discount_minor"], currency),
        "tax_rate": number(row["tax_rate"]),
        "net_amount": major_number(row["net_minor"], currency),
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }

"""Tax rates as the API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.models import TaxRate
from businesses.serializers import columns_of
from invoicing.lib import clock, money
from invoicing.lib.fields import Number

_PLAIN = ("tax_category", "active", "metadata")
TAX_RATE_COLUMNS = ("uuid", "business__uuid", "code", "name", "rate", *_PLAIN, "created_at", "updated_at")


class TaxRateOutput(serializers.ModelSerializer[TaxRate]):
    """A tax rate, in percent."""

    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    code = serializers.CharField()
    rate = Number(decimal_places=4)
    metadata = serializers.DictField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    class Meta:
        model = TaxRate
        fields = ["id", "business_id", "code", "name", "rate", *_PLAIN, "created_at", "updated_at"]


def represent_tax_rates(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of TAX_RATE_COLUMNS as TaxRateOutput says."""
    return [
        {
            "id": row["uuid"],
            "business_id": row["business__uuid"],
            "code": row["code"],
            "name": row["name"],
            "rate": money.number(row["rate"]),
            **{name: row[name] for name in _PLAIN},
            "created_at": clock.iso(row["created_at"]),
            "updated_at": clock.iso(row["updated_at"]),
        }
        for row in rows
    ]


def represent_tax_rate(tax_rate: TaxRate) -> dict[str, Any]:
    """A tax rate as it stands in memory."""
    return represent_tax_rates([columns_of(tax_rate, TAX_RATE_COLUMNS)])[0]

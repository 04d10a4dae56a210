"""`/tax_rates`, and the tax rates that documents name by their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import TaxRate
from billing.serializers.tax_rates import TAX_RATE_COLUMNS, represent_tax_rates
from billing.services.tax_rates import create_tax_rate, delete_tax_rate, update_tax_rate
from businesses.models import Business
from dialects.door import Tolerant, rows_in_order
from dialects.invoiced.coded import Code, CodedView
from dialects.invoiced.inputs import Amount, Flag, Pairs, Values
from dialects.invoiced.lists import equals, filtered, order
from dialects.invoiced.mapping import unix
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import CurrencyCode, Text, read_body

_FILTERS = {"id": equals("code"), "name": equals("name")}
_SORTS = {"id": "code", "name": "name_folded", "created_at": "pk", "updated_at": "updated_at"}


class TaxRateInput(Tolerant):
    """A tax rate."""

    id = Code()
    name = Text(required=True, max_length=200)
    value = Amount(decimal_places=4, min_value=0, max_value=100)
    currency = CurrencyCode()
    is_percent = Flag()
    inclusive = Flag()
    metadata = Pairs()


class RateIds(Values):
    """Ids of tax rates; or the tax rates themselves, as they are shown."""

    def to_internal_value(self, data: Any) -> Any:
        listed = (
            [item.get("id") if isinstance(item, Mapping) else item for item in data] if isinstance(data, list) else data
        )
        return super().to_internal_value(listed)


# For documents ---------------------------------------------------------------------------------------------------------
def rates_by_code(business: Business, codes: Iterable[str]) -> dict[str, TaxRate]:
    """The live tax rates with these codes; Invalid names the first code that there is none for."""
    wanted = list(dict.fromkeys(codes))
    found = {row.code: row for row in TaxRate.objects.of(business).live().filter(code__in=wanted)} if wanted else {}
    unknown = next((code for code in wanted if code not in found), None)
    if unknown is not None:
        raise Invalid.field("taxes", f"No such tax rate: {unknown[:50]}")
    return found


def categories_of(business: Business, codes: Iterable[str]) -> dict[str, str]:
    """The tax categories of tax rates by code, deleted ones too."""
    wanted = set(codes)
    rows = TaxRate.objects.of(business).filter(code__in=wanted) if wanted else TaxRate.objects.none()
    return dict(rows.values_list("code", "tax_category"))


def shown_tax_rates(business: Business, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Tax rates by code as the format shows them, deleted ones too."""
    wanted = set(codes)
    rows = TaxRate.objects.of(business).filter(code__in=wanted) if wanted else TaxRate.objects.none()
    return {row["code"]: _tax_rate(row) for row in represent_tax_rates(list(rows.values(*TAX_RATE_COLUMNS)))}


def _shown(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    rows = rows_in_order(TaxRate.objects.of(business), pks, TAX_RATE_COLUMNS)
    return [_tax_rate(native) for native in represent_tax_rates(rows)]


def _tax_rate(native: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": native["code"],
        "object": "tax_rate",
        "name": native["name"],
        "currency": None,
        "value": native["rate"],
        "is_percent": True,
        "inclusive": False,
        "metadata": native["metadata"] or [],
        "created_at": unix(native["created_at"]),
        "updated_at": unix(native["updated_at"]),
    }


# The calls -------------------------------------------------------------------------------------------------------------
class TaxRateView(CodedView):
    """Tax rates of the business, by code."""

    def create(self, request: Request) -> Response:
        """A new tax rate, in percent and on top of the price."""
        body = read_body(TaxRateInput, request)
        _refuse_others(body)
        columns = {"code": body.get("id"), "name": body["name"], "rate": body["value"]}
        columns |= {"metadata": body["metadata"]} if "metadata" in body else {}
        return self._send(create_tax_rate(self.business, actor=self.actor, **columns), 201)

    def list(self, request: Request) -> Response:
        """Newest first, or by `sort`; filter[…], metadata[…], updated_after."""
        rows = filtered(TaxRate.objects.of(self.business).live(), self.asked, _FILTERS)
        return self.send_page(rows, lambda pks: _shown(self.business, pks), *order(self.asked, _SORTS))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One tax rate."""
        return self._send(self._find(id))

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the name or the metadata."""
        row = self._find(id)
        body = read_body(TaxRateInput, request, partial=True)
        _refuse_others(body)
        if body.get("value", row.rate) != row.rate:
            raise Invalid.field("value", "The value of a tax rate does not change: create another tax rate.")
        if body.get("id", row.code) != row.code:
            raise Invalid.field("id", "The id of a tax rate does not change: create another tax rate.")
        changes: dict[str, Any] = {name: body[name] for name in ("name", "metadata") if name in body}
        return self._send(update_tax_rate(row, changes=changes, actor=self.actor))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take it off lists and new documents."""
        delete_tax_rate(self._find(id), actor=self.actor)
        return Response(status=204)

    def _find(self, code: str) -> TaxRate:
        return self.find_coded(TaxRate.objects.live(), "code", code, "Tax rate")

    def _send(self, row: TaxRate, status: int = 200) -> Response:
        return self.send(_shown(self.business, [row.pk])[0], status)


def _refuse_others(body: dict[str, Any]) -> None:
    """Invalid for a tax that is an amount, or is within the price: such taxes are not computed here."""
    if body.get("is_percent") is False:
        raise Invalid.field("is_percent", "Only rates in percent are known here: expected true.")
    if body.get("inclusive"):
        raise Invalid.field("inclusive", "Taxes are added to the price here: expected false.")

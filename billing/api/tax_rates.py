"""`/tax-rates`: parse, get, call the service, represent."""

from __future__ import annotations

import django_filters as filters
from django.urls import re_path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.codes import CODE_LENGTH
from billing.models import TaxCategory, TaxRate
from billing.serializers.tax_rates import TAX_RATE_COLUMNS, TaxRateOutput, represent_tax_rate, represent_tax_rates
from billing.services.tax_rates import create_tax_rate, delete_tax_rate, update_tax_rate
from businesses.filters import FlagFilter, FoldedFilter, ListFilter
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib.fields import Flag, Metadata, Number, OneOf, Strict, Text, read_body

_TAGS = ["Tax rates"]
_EXAMPLE = OpenApiExample("VAT", value={"code": "vat", "name": "VAT", "rate": 19}, request_only=True)


class TaxRateInput(Strict):
    """A tax rate to be created or changed; its code and rate are for ever."""

    code = Text(max_length=CODE_LENGTH, help_text="Letters, digits, - _ and dots; made from the name, if not given.")
    name = Text(required=True, max_length=200)
    rate = Number(decimal_places=4, min_value=0, max_value=100, help_text="Percent.")
    tax_category = OneOf(TaxCategory.choices)
    active = Flag(required=False)
    metadata = Metadata()


class TaxRateFilter(ListFilter):
    """`name` looks for a part, whatever the case."""

    name = FoldedFilter("name_folded")
    code = filters.CharFilter(max_length=CODE_LENGTH)
    active = FlagFilter()


class TaxRateView(BusinessView):
    """Tax rates of the business."""

    scopes = READ_WRITE
    filters = TaxRateFilter
    sorts = {
        "created_at": Order("pk", False),
        "updated_at": Order("updated_at", False),
        "name": Order("name_folded", False),
    }
    has_metadata = True

    @extend_schema(request=TaxRateInput, responses={201: TaxRateOutput}, examples=[_EXAMPLE], tags=_TAGS)
    def create(self, request: Request) -> Response:
        """Create a tax rate."""
        tax_rate = create_tax_rate(self.business, actor=self.actor, **read_body(TaxRateInput, request))
        return self.send_created(represent_tax_rate(tax_rate))

    @extend_schema(responses=paged(TaxRateOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """List tax rates, newest first."""
        return self.send_list(
            TaxRate.objects.live(),
            self.filters,
            sorts=self.sorts,
            columns=TAX_RATE_COLUMNS,
            represent=represent_tax_rates,
        )

    @extend_schema(responses=TaxRateOutput, tags=_TAGS)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """Get a tax rate."""
        return self.send_one(represent_tax_rate(self.tax_rate(id)))

    @extend_schema(request=TaxRateInput, responses=TaxRateOutput, tags=_TAGS)
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the fields that are given, but for code and rate (409); `metadata` is replaced whole."""
        tax_rate = self.tax_rate(id, lock=True)
        self.match(lambda: represent_tax_rate(tax_rate))
        changes = read_body(TaxRateInput, request, partial=True)
        return self.send_one(represent_tax_rate(update_tax_rate(tax_rate, changes=changes, actor=self.actor)))

    @extend_schema(request=None, responses={204: None}, tags=_TAGS)
    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a tax rate; documents keep it, and so does its code."""
        delete_tax_rate(self.tax_rate(id), actor=self.actor)
        return self.send(b"", 204)

    def tax_rate(self, identifier: str, *, lock: bool = False) -> TaxRate:
        """The tax rate in the path, locked where it is about to be compared and changed."""
        rows = TaxRate.objects.live()
        return self.find(rows.select_for_update(no_key=True) if lock else rows, identifier, "Tax rate")


urlpatterns = [
    re_path(r"^tax-rates/?$", TaxRateView.as_view({"get": "list", "post": "create"}), name="tax-rates"),
    re_path(
        r"^tax-rates/(?P<id>[^/]+)/?$",
        TaxRateView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="tax-rate",
    ),
]

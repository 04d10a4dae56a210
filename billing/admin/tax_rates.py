"""Tax rates."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from billing.admin import amounts
from billing.admin.amounts import NumberField
from billing.admin.forms import HUNDRED
from billing.models import TaxRate
from billing.services.tax_rates import create_tax_rate, delete_tax_rate, update_tax_rate
from businesses.admin.base import BusinessAdmin
from businesses.admin.forms import BusinessForm
from businesses.membership import AdminRequest
from invoicing.lib.text import fold


class TaxRateForm(BusinessForm):
    """What may change of a tax rate."""

    class Meta:
        model = TaxRate
        fields = ("name", "tax_category", "active")


class NewTaxRateForm(BusinessForm):
    """A tax rate; an exact number."""

    rate = NumberField(decimals=4, low=HUNDRED - HUNDRED, high=HUNDRED, label="Tax %", help_text="For ever.")

    class Meta:
        model = TaxRate
        fields = ("name", "code", "rate", "tax_category", "active")


@admin.register(TaxRate)
class TaxRateAdmin(BusinessAdmin):
    """Tax rates."""

    form = TaxRateForm
    add_action = change_action = delete_action = "edit_products"
    icon = "percent"
    list_display = ("name", "code", "percent", "tax_category", "state")
    list_filter = (("tax_category", ChoicesDropdownFilter),)
    list_filter_submit = True
    show_facets = admin.ShowFacets.NEVER
    ordering = ("name_folded",)
    search_fields = ("name",)
    search_help_text = "Name or code"

    def get_fieldsets(self, request: AdminRequest, obj: Any = None) -> Any:
        fixed = ("code", "percent") if obj else ("code", "rate")
        return [(None, {"fields": ("name", fixed, ("tax_category", "active"))})]

    def get_form(self, request: AdminRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs, **({} if obj else {"form": NewTaxRateForm}))

    def get_readonly_fields(self, request: AdminRequest, obj: Any = None) -> Any:
        """A tax rate's code and rate are for ever."""
        return [*super().get_readonly_fields(request, obj), *(("code", "percent") if obj else ())]

    @display(description="Tax", ordering="rate")
    def percent(self, obj: TaxRate) -> str:
        return f"{amounts.plain(obj.rate)} %"

    @display(description="Status", label=amounts.BADGES)
    def state(self, obj: TaxRate) -> tuple[str, str]:
        return ("active", "Active") if obj.active else ("inactive", "Inactive")

    def get_queryset(self, request: AdminRequest) -> Any:
        return super().get_queryset(request).live()

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        needle = search_term.strip()
        found = Q(name_folded__contains=fold(needle)) | Q(code=needle)
        return (queryset.filter(found) if needle else queryset), False

    def create(self, request: AdminRequest, form: Any) -> TaxRate:
        return create_tax_rate(request.business, actor=self.actor(request), **form.cleaned_data)

    def change(self, request: AdminRequest, obj: TaxRate, form: Any) -> TaxRate:
        return update_tax_rate(obj, changes=form.changes(), actor=self.actor(request))

    def remove(self, request: AdminRequest, obj: TaxRate) -> None:
        delete_tax_rate(obj, actor=self.actor(request))

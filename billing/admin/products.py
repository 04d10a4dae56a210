"""Products."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from billing.admin import amounts
from billing.admin.amounts import NumberField
from billing.admin.forms import HUNDRED, text
from billing.models import Product
from billing.services.products import create_product, delete_product, update_product
from businesses.admin.base import BusinessAdmin
from businesses.admin.forms import BusinessForm
from businesses.membership import AdminRequest
from invoicing.lib.text import fold

_FIELDS = ("name", "product_code", "description", "unit", "unit_price", "tax_rate", "tax_category", "active")


class ProductForm(BusinessForm):
    """A product; exact numbers."""

    description = text(help_text="What a line says; the name, where it is left empty.")
    unit_price = NumberField(help_text="In the business's currency, without tax.")
    tax_rate = NumberField(decimals=4, low=HUNDRED - HUNDRED, high=HUNDRED, label="Tax %", initial="0")

    class Meta:
        model = Product
        fields = _FIELDS

    def clean_description(self) -> str | None:
        return self.cleaned_data["description"] or None


@admin.register(Product)
class ProductAdmin(BusinessAdmin):
    """Products."""

    form = ProductForm
    add_action = change_action = delete_action = "edit_products"
    global_search = True
    icon = "inventory_2"
    list_display = ("name", "product_code", "price", "rate", "unit", "state")
    list_filter = (("tax_category", ChoicesDropdownFilter),)
    list_filter_submit = True
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("business",)
    ordering = ("name_folded",)
    search_fields = ("name",)
    search_help_text = "Name, code or description"
    fieldsets = (
        (None, {"fields": (("name", "product_code"), "description")}),
        ("Price", {"fields": (("unit_price", "unit"), ("tax_rate", "tax_category"), "active")}),
    )

    class Media:
        css = {"all": ("billing/admin.css",)}

    @display(description="Unit price", ordering="unit_price")
    def price(self, obj: Product) -> str:
        return f"{amounts.written(obj.unit_price, obj.business)} {obj.business.currency}"

    @display(description="Tax")
    def rate(self, obj: Product) -> str:
        return f"{amounts.plain(obj.tax_rate)} %"

    @display(description="Status", label=amounts.BADGES)
    def state(self, obj: Product) -> tuple[str, str]:
        return ("active", "Active") if obj.active else ("inactive", "Inactive")

    def get_queryset(self, request: AdminRequest) -> Any:
        return super().get_queryset(request).live()

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        needle = fold(search_term.strip())
        return (queryset.filter(search_text__contains=needle) if needle else queryset), False

    def create(self, request: AdminRequest, form: Any) -> Product:
        return create_product(request.business, actor=self.actor(request), **form.cleaned_data)

    def change(self, request: AdminRequest, obj: Product, form: Any) -> Product:
        return update_product(obj, changes=form.changes(), actor=self.actor(request))

    def remove(self, request: AdminRequest, obj: Product) -> None:
        delete_product(obj, actor=self.actor(request))

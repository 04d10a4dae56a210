"""The lists of payments and adjustments: credit of a customer without a document of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.db.models import Q
from unfold.decorators import display

from billing.admin import amounts
from billing.admin.credit_pages import CreditPages
from billing.admin.filters import CreditState
from billing.selectors.search import customer_named
from businesses.membership import AdminRequest
from invoicing.lib.text import fold


class CreditList(CreditPages):
    """Payments or adjustments; `searched_text` is the column that is searched beside number and customer."""

    searched_text: ClassVar[str]

    global_search = True
    list_filter_submit = True
    list_before_template = "admin/billing/tabs.html"
    show_facets = ShowFacets.NEVER
    list_select_related = ("customer", "business")
    search_fields = ("number",)

    class Media:
        css = {"all": ("billing/admin.css",)}

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        own = Q(number__icontains=term) | Q(**{f"{self.searched_text}__icontains": term})
        return queryset.filter(own | customer_named(request.business, fold(term))), False

    def changelist_view(self, request: AdminRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"tabs": CreditState.links(request), **(extra_context or {})})

    @display(description="Customer", ordering="customer__name_folded")
    def customer_name(self, obj: Any) -> str:
        return str(obj.customer.name)

    @display(description="Amount", ordering="amount_minor")
    def amount(self, obj: Any) -> str:
        return amounts.money(obj.amount_minor, obj.currency, obj.business)

    @display(description="Credit left", ordering="unallocated_minor", label="info")
    def credit(self, obj: Any) -> str | None:
        left = obj.unallocated_minor
        return amounts.money(left, obj.currency, obj.business) if left else None

"""What lists of customers and contacts can be filtered and sorted by."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, QuerySet

from businesses.filters import FlagFilter, FoldedFilter, ListFilter, OneOfFilter
from businesses.paging import Order
from customers.codes import country_code
from customers.models import Customer, CustomerBalance
from customers.tags import tagged

SORTS = {"created_at": Order("pk", False), "updated_at": Order("updated_at", False)}
CUSTOMER_SORTS = {**SORTS, "name": Order("name_folded", False)}


class CustomerFilter(ListFilter):
    """`name`, `email`, `number` and `search` (in all three) look for a part, whatever the case."""

    name = FoldedFilter("name_folded")
    email = FoldedFilter("email_folded")
    search = FoldedFilter("search_text")
    number = filters.CharFilter(lookup_expr="icontains", max_length=50)
    status = OneOfFilter(choices=Customer.Status.choices)
    country = filters.CharFilter(method="in_country", max_length=100)
    open_balance = FlagFilter(method="that_owe")
    tag = filters.CharFilter(method="with_tag", max_length=40)

    def in_country(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """By code or by name, as a body may give it."""
        return rows.filter(country__iexact=country_code(value))

    def with_tag(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """The whole tag, spelt exactly so."""
        return tagged(rows, [value])

    def that_owe(self, rows: QuerySet[Customer], name: str, value: bool) -> QuerySet[Customer]:
        """Whether anything is outstanding, in any currency."""
        balances: QuerySet[Any] = CustomerBalance.objects.filter(
            business=OuterRef("business"), customer=OuterRef("pk"), outstanding_minor__gt=0
        )
        return rows.filter(Exists(balances) if value else ~Exists(balances))

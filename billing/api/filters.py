"""What lists of documents, payments and adjustments can be filtered by."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError as BadNumber

from billing.models import Adjustment, CreditNote, Invoice, Payment, Quotation
from billing.selectors.search import search_documents
from businesses.filters import DayFilter, FlagFilter, FoldedFilter, ListFilter, OneOfFilter, UUIDFilter
from invoicing.lib import clock
from invoicing.lib.fields import exact_number
from invoicing.lib.money import EXPONENTS, to_minor


class _AmountField(forms.CharField):
    """An exact number."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return exact_number(text, 6)
        except BadNumber as error:
            raise ValidationError(str(error.detail[0])) from None  # type: ignore[index]


class TotalFilter(filters.Filter):
    """A bound of the total in major units, inclusive, whatever the row's currency."""

    field_class = _AmountField

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        by_exponent: dict[int, list[str]] = {}
        for code, exponent in EXPONENTS.items():
            by_exponent.setdefault(exponent, []).append(code)
        matches = qs.none()
        bounds = [
            qs.filter(**{"currency__in": codes, f"total_minor__{self.lookup_expr}": to_minor(value, codes[0])})
            for codes in by_exponent.values()
        ]
        for bound in bounds:
            matches = matches | bound
        return matches


class SearchFilter(FoldedFilter):
    """Part of a number or reference, or of the customer's name."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return search_documents(qs, self.parent.business, value) if value else qs


class AccountFilter(ListFilter):
    """What everything with a number, a customer and a currency shares."""

    number = filters.CharFilter(lookup_expr="icontains", max_length=50)
    customer_id = UUIDFilter(field_name="customer__uuid")
    currency = filters.CharFilter(method="by_currency", max_length=3)

    def by_currency(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(currency=value.upper())


class DocumentFilter(AccountFilter):
    """What invoices and quotations share."""

    issue_date_after = DayFilter(field_name="issue_date", lookup_expr="gte")
    issue_date_before = DayFilter(field_name="issue_date", lookup_expr="lte")
    min_total = TotalFilter(lookup_expr="gte")
    max_total = TotalFilter(lookup_expr="lte")
    search = SearchFilter("search_text")


class InvoiceFilter(DocumentFilter):
    """Filters of invoices."""

    status = filters.ChoiceFilter(choices=Invoice.Status.choices)
    approval = OneOfFilter(choices=Invoice.Approval.choices)
    due_date_after = DayFilter(field_name="due_date", lookup_expr="gte")
    due_date_before = DayFilter(field_name="due_date", lookup_expr="lte")
    overdue = FlagFilter(method="by_overdue")

    def by_overdue(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """By dates, not by the stored status: past due in the business's time zone, and something owed."""
        today = clock.today(self.business.time_zone)
        late = {"status__in": Invoice.OPEN, "due_date__lt": today, "due_minor__gt": 0}
        return queryset.filter(**late) if value else queryset.exclude(due_date__isnull=False, **late)


class QuotationFilter(DocumentFilter):
    """Filters of quotations."""

    status = filters.ChoiceFilter(choices=Quotation.Status.choices)
    valid_until_after = DayFilter(field_name="valid_until", lookup_expr="gte")
    valid_until_before = DayFilter(field_name="valid_until", lookup_expr="lte")


class CreditNoteFilter(DocumentFilter):
    """Filters of credit notes."""

    status = OneOfFilter(choices=CreditNote.Status.choices)
    invoice_id = UUIDFilter(field_name="invoice__uuid")


class PaymentFilter(AccountFilter):
    """Filters of payments."""

    status = OneOfFilter(choices=Payment.Status.choices)
    method = OneOfFilter(choices=Payment.Method.choices)
    payment_date_after = DayFilter(field_name="payment_date", lookup_expr="gte")
    payment_date_before = DayFilter(field_name="payment_date", lookup_expr="lte")
    search = filters.CharFilter(method="by_search", max_length=200)

    def by_search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of the number or the reference."""
        return queryset.filter(Q(number__icontains=value) | Q(reference__icontains=value))


class AdjustmentFilter(AccountFilter):
    """Filters of adjustments."""

    status = OneOfFilter(choices=Adjustment.Status.choices)
    adjustment_date_after = DayFilter(field_name="adjustment_date", lookup_expr="gte")
    adjustment_date_before = DayFilter(field_name="adjustment_date", lookup_expr="lte")

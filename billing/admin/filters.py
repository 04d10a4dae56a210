"""What lists of documents can be narrowed by."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet

from billing.models import CreditNote, Invoice, Payment, Quotation
from businesses.membership import AdminRequest
from businesses.models import Business
from invoicing.lib import clock


def late(business: Business) -> Q:
    """Past due in the business's time zone, by dates and not by the stored status."""
    return Q(status__in=Invoice.OPEN, due_date__lt=clock.today(business.time_zone))


class StateFilter(SimpleListFilter):
    """The tabs above a list; `state` in the address."""

    title = "state"
    parameter_name = "state"
    template = "admin/billing/no_filter.html"  # it is drawn as tabs

    def __init__(self, request: AdminRequest, *args: Any) -> None:
        self.business = request.business
        super().__init__(request, *args)

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, label) for name, label in self.tabs if name]

    tabs: list[tuple[str, str]] = []

    @classmethod
    def links(cls, request: AdminRequest) -> list[dict[str, Any]]:
        """The tabs; what is searched and filtered stays, the page does not."""
        kept, links = request.GET.copy(), []
        chosen = kept.pop(cls.parameter_name, [""])[-1]
        kept.pop("p", None)
        for name, label in cls.tabs:
            query = kept.copy()
            if name:
                query[cls.parameter_name] = name
            links.append({"title": label, "link": f"?{query.urlencode()}", "active": name == chosen})
        return links

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(self.condition(value)) if value else queryset

    def condition(self, value: str) -> Q:
        """Which rows belong on the tab."""
        return Q(status=value)


class InvoiceState(StateFilter):
    tabs = [
        ("", "All"),
        (Invoice.Status.DRAFT.value, "Drafts"),
        ("approval", "To approve"),
        ("open", "Open"),
        ("late", "Overdue"),
        (Invoice.Status.PAID.value, "Paid"),
        (Invoice.Status.CANCELLED.value, "Cancelled"),
    ]

    def condition(self, value: str) -> Q:
        if value == "late":
            return late(self.business)
        if value == "approval":
            return Q(status=Invoice.Status.DRAFT, approval=Invoice.Approval.PENDING)
        return Q(status__in=Invoice.OPEN) if value == "open" else Q(status=value)


class QuotationState(StateFilter):
    tabs = [("", "All"), *((str(value), str(label)) for value, label in Quotation.Status.choices)]


class CreditNoteState(StateFilter):
    tabs = [
        ("", "All"),
        (CreditNote.Status.DRAFT.value, "Drafts"),
        (CreditNote.Status.SENT.value, "Issued"),
        ("credit", "With credit"),
        (CreditNote.Status.CANCELLED.value, "Cancelled"),
    ]

    def condition(self, value: str) -> Q:
        return Q(unallocated_minor__gt=0) if value == "credit" else Q(status=value)


class CreditState(StateFilter):
    """Payments and adjustments: with something left, refunded in part or whole, taken back."""

    tabs = [
        ("", "All"),
        ("credit", "With credit"),
        ("refunded", "Refunded"),
        (Payment.Status.VOIDED.value, "Voided"),
    ]

    def condition(self, value: str) -> Q:
        if value == "credit":
            return Q(unallocated_minor__gt=0)
        return Q(refunded_minor__gt=0) if value == "refunded" else Q(status=value)


class CustomerState(StateFilter):
    """Customers that are there, that owe something, and that are deleted."""

    tabs = [("", "All"), ("owing", "Owing"), ("deleted", "Deleted")]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "deleted":
            return queryset.exclude(deleted_at=None)
        queryset = queryset.filter(deleted_at=None)
        return queryset.filter(balances__outstanding_minor__gt=0).distinct() if self.value() == "owing" else queryset

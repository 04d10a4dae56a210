"""Payments: recorded on the page of their invoice, read here; the receipt to download or send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, Sum
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from billing.admin import amounts, pages
from billing.admin.forms import LetterForm
from billing.admin.letters import letter_to
from billing.admin.sheet import mails_about, timeline
from billing.documents import keep_receipt
from billing.models import Allocation, Invoice, Payment
from billing.services.sending import send_receipt
from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest
from customers.models import Customer
from invoicing.lib.errors import DomainError
from invoicing.lib.text import fold


@admin.register(Payment)
class PaymentAdmin(BusinessAdmin):
    """Payments."""

    icon = "payments"
    global_search = True
    list_display = ("number", "customer_name", "received", "method", "badge", "amount", "credit")
    list_filter = (
        ("customer", AutocompleteSelectFilter),
        ("method", ChoicesDropdownFilter),
        ("payment_date", RangeDateFilter),
    )
    list_filter_submit = True
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("customer", "business")
    search_fields = ("number",)
    search_help_text = "Receipt number, reference or customer"

    class Media:
        css = {"all": ("billing/admin.css",)}

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        customers = Customer.objects.of(request.business).filter(name_folded__contains=fold(term)).values("pk")
        found = Q(number__icontains=term) | Q(reference__icontains=term) | Q(customer__in=customers)
        return (queryset.filter(found) if term else queryset), False

    @display(description="Customer", ordering="customer__name_folded")
    def customer_name(self, obj: Payment) -> str:
        return obj.customer.name

    @display(description="Received", ordering="payment_date")
    def received(self, obj: Payment) -> str:
        return amounts.day(obj.payment_date, obj.business)

    @display(description="Status", label=amounts.BADGES)
    def badge(self, obj: Payment) -> tuple[str, str]:
        return obj.status, obj.get_status_display()

    @display(description="Amount", ordering="amount_minor")
    def amount(self, obj: Payment) -> str:
        return amounts.money(obj.amount_minor, obj.currency, obj.business)

    @display(description="Credit left", ordering="unallocated_minor")
    def credit(self, obj: Payment) -> str:
        return amounts.money(obj.unallocated_minor, obj.currency, obj.business) if obj.unallocated_minor else "–"

    def get_urls(self) -> list[URLPattern]:
        views: dict[str, Callable[..., Any]] = {"receipt": self.receipt_view, "send": self.send_view}
        own = [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"billing_payment_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def find(self, request: AdminRequest, object_id: Any) -> Any:
        """The payment with this id, or with this UUID, by which events know it."""
        return super().find(request, amounts.known_pk(self.get_queryset(request), object_id))

    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        row = self.find(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        links = {name: reverse(f"admin:billing_payment_{name}", args=[row.pk]) for name in ("receipt", "send")}
        context = {
            "row": row,
            "badge": amounts.BADGES[row.status],
            "amount": self.amount(row),
            "facts": _facts(row),
            "applied": _applied(row),
            "mails": mails_about(row),
            "timeline": timeline(row),
            "links": links,
            "may_send": self.allows(request, "send"),
        }
        return pages.show(self, request, "payment", row.number, original=row, media=self.media, **context)

    def receipt_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """The receipt, rendered once and kept."""
        row = self.find(request, object_id)
        return pages.pdf(bytes(keep_receipt(row).content), row.number)

    def send_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Write the letter that carries the receipt."""
        row = self.find(request, object_id)
        if not self.allows(request, "send", row):
            raise PermissionDenied
        form = LetterForm(
            request.POST if request.method == "POST" else None, initial=letter_to(row.customer, "receipt", row.number)
        )
        if request.method == "POST" and form.is_valid():
            try:
                send_receipt(row, form.envelope(), actor=self.actor(request))
            except DomainError as refusal:
                form.refuse(refusal)
            else:
                self.message_user(request, f"The receipt {row} is on its way.", messages.SUCCESS)
                return HttpResponseRedirect(self.url_of(row.pk))
        facts = [("Customer", row.customer.name), ("Amount", self.amount(row)), ("Received", self.received(row))]
        context = {"original": row, "facts": facts, "back": self.url_of(row.pk), "media": self.media}
        return pages.ask(
            self, request, f"Send receipt {row}", form, submit="Send", text="The receipt is attached.", **context
        )


def _facts(row: Payment) -> list[tuple[str, str, str]]:
    customer = reverse("admin:customers_customer_change", args=[row.customer_id])
    credit = amounts.money(row.unallocated_minor, row.currency, row.business) if row.unallocated_minor else ""
    found = [
        ("Customer", row.customer.name, customer),
        ("Received", amounts.day(row.payment_date, row.business), ""),
        ("Method", row.get_method_display(), ""),
        ("Reference", row.reference or "", ""),
        ("Credit left", credit, ""),
        ("Notes", row.notes or "", ""),
    ]
    return [fact for fact in found if fact[1]]


def _applied(row: Payment) -> list[dict[str, str]]:
    """What the payment pays now, per invoice."""
    sums = Allocation.objects.filter(payment=row).values("invoice").annotate(sum=Sum("amount_minor")).exclude(sum=0)
    found = {entry["invoice"]: entry["sum"] for entry in sums}
    return [
        {
            "number": invoice.number,
            "href": reverse("admin:billing_invoice_change", args=[invoice.pk]),
            "total": amounts.money(invoice.total_minor, row.currency, row.business),
            "amount": amounts.money(found[invoice.pk], row.currency, row.business),
        }
        for invoice in Invoice.objects.filter(pk__in=found).order_by("pk")
    ]

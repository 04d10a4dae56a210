"""Statement runs, looked at before they start and while they go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanWidget

from billing.admin import amounts, pages
from billing.admin.amounts import AmountField
from billing.admin.forms import Form, choice, day
from billing.models import StatementOutcome, StatementRun
from billing.selectors.statement_plans import RunOrder
from billing.services.statement_runs import plan_manual_run, preview_run
from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest
from businesses.models import Business
from invoicing.lib import clock

_SHOWN = 500
_KINDS = ("sent", "queued", "planned", "skipped", "failed")
_TYPE = Business.StatementType


class RunForm(Form):
    """What a run is to send."""

    widths = {"type": "w6", "minimum": "w6", "start": "w6", "end": "w6"}
    names = {"minimum_balance": "minimum", "on": "end"}

    type = choice(_TYPE.choices, required=True)
    start = day(label="From", help_text="Of balances carried forward.")
    end = day(required=True, label="Until")
    only_past_due = forms.BooleanField(required=False, widget=UnfoldBooleanWidget(), label="Only what is past due")

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = f"Minimum balance in {business.currency}"
        minimum = AmountField(currency=business.currency, required=False, label=label)
        self.fields = {"type": self.fields["type"], "minimum": minimum, **self.fields}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        forward, start, end = data.get("type") == _TYPE.BALANCE_FORWARD, data.get("start"), data.get("end")
        if forward and start is None:
            self.add_error("start", "A balance is carried forward from a day.")
        if forward and start and end and end < start:
            self.add_error("end", "Must not be before its first day.")
        return data

    def order(self) -> RunOrder:
        """The order that is described."""
        data = self.cleaned_data
        forward = data["type"] == _TYPE.BALANCE_FORWARD
        return RunOrder(
            type=data["type"],
            start=data["start"] if forward else None,
            end=data["end"],
            minimum_minor=data["minimum"] or 0,
            only_past_due=bool(data["only_past_due"]) and not forward,
        )


@admin.register(StatementRun)
class StatementRunAdmin(BusinessAdmin):
    """Runs."""

    icon = "summarize"
    add_action = "send_statements"
    list_display = ("name", "started", "how", "badge", "outcomes")
    list_display_links = ("name",)
    list_filter = (("state", ChoicesDropdownFilter), ("type", ChoicesDropdownFilter))
    list_select_related = ("business",)

    class Media:
        css = {"all": ("billing/admin.css",)}

    def get_queryset(self, request: AdminRequest) -> Any:
        counts = {f"{name}_count": Count("outcomes", filter=Q(outcomes__outcome=name)) for name in _KINDS}
        return super().get_queryset(request).annotate(**counts)

    @display(description="Run", ordering="id")
    def name(self, obj: StatementRun) -> str:
        period = [amounts.day(value, obj.business) for value in (obj.start, obj.end) if value]
        return f"{obj.get_type_display()}, {' – '.join(period)}"

    @display(description="Started", ordering="created_at")
    def started(self, obj: StatementRun) -> Any:
        return obj.created_at

    @display(description="Schedule")
    def how(self, obj: StatementRun) -> str:
        return {"weekly": "Weekly", "monthly": "Monthly"}.get(obj.schedule, "By hand")

    @display(description="State", label=amounts.BADGES)
    def badge(self, obj: StatementRun) -> tuple[str, str]:
        if obj.state == StatementRun.State.DONE and obj.outcomes.filter(outcome="queued").exists():
            return "sending", "Sending"  # all is queued; what became of it is not known yet
        return obj.state, obj.get_state_display()

    @display(description="Outcomes")
    def outcomes(self, obj: StatementRun) -> str:
        return " · ".join(f"{number} {name}" for name, number in _counts(obj).items() if number)

    def has_change_permission(self, request: AdminRequest, obj: Any = None) -> bool:
        return False

    def add_view(self, request: AdminRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        """Describe a run, see who would get what, start it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RunForm(request.POST or None, business=request.business, initial=_initial(request.business))
        planned: dict[str, Any] = {}
        if form.is_valid():
            if "_do" in request.POST:
                run = plan_manual_run(request.business, form.order(), actor=self.actor(request))
                self.message_user(request, "The run has started.", messages.SUCCESS)
                return HttpResponseRedirect(self.url_of(run.pk))
            planned = _planned(preview_run(request.business, form.order())[1])
        context = {"form": form, "planned": planned, "back": self.url_of_list(), "media": self.media}
        return pages.show(self, request, "run_new", "New statement run", **context)

    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        row = self.find(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        counts = _counts(row)
        total = sum(counts.values()) or 1
        rows = row.outcomes.select_related("customer").order_by("pk")[:_SHOWN]
        context = {
            "row": row,
            "name": self.name(row),
            "badge": amounts.BADGES[row.state],
            "counts": [(name, number, round(number * 100 / total, 2)) for name, number in counts.items()],
            "outcomes": [_outcome(outcome) for outcome in rows],
            "more": max(0, sum(counts.values()) - _SHOWN),
            "media": self.media,
        }
        return pages.show(self, request, "run", self.name(row), original=row, **context)


def _initial(business: Business) -> dict[str, Any]:
    today = clock.today(business.time_zone)
    return {
        "type": business.statement_type,
        "minimum": business.statement_minimum_minor,
        "start": today.replace(day=1),
        "end": today,
        "only_past_due": business.statement_only_past_due,
    }


def _counts(run: StatementRun) -> dict[str, int]:
    """How many outcomes there are of each kind, those that left first."""
    return {name: getattr(run, f"{name}_count") for name in _KINDS}


def _outcome(row: StatementOutcome) -> dict[str, Any]:
    return {
        "customer": row.customer.name,
        "href": reverse("admin:customers_customer_change", args=[row.customer_id]),
        "address": row.address,
        "currency": row.currency,
        "outcome": row.get_outcome_display(),
        "badge": amounts.BADGES[row.outcome],
        "reason": row.reason,
    }


def _planned(outcomes: list[StatementOutcome]) -> dict[str, Any]:
    """Who would get one, and who would not and why."""
    going = [row for row in outcomes if row.outcome == StatementOutcome.Outcome.PLANNED]
    skipped = [row for row in outcomes if row.outcome != StatementOutcome.Outcome.PLANNED]
    return {
        "going": len(going),
        "skipped": len(skipped),
        "rows": [_outcome(row) for row in [*going, *skipped][:_SHOWN]],
        "more": max(0, len(outcomes) - _SHOWN),
    }

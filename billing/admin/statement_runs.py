"""Statement runs, looked at before they start and while they go."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanWidget

from billing.admin import amounts, pages
from billing.admin.amounts import AmountField
from billing.admin.forms import Form, choice, day
from billing.models import StatementOutcome, StatementRun
from billing.selectors.statement_amounts import amounts_due
from billing.selectors.statement_plans import RunOrder
from billing.services.statement_runs import Preview, plan_manual_run, preview_run
from businesses.admin.base import BusinessAdmin
from businesses.admin.tags import TagsField
from businesses.membership import AdminRequest
from businesses.models import Business
from invoicing.lib import clock

_SHOWN = 500
_KINDS = ("sent", "queued", "planned", "skipped", "failed")
_TYPE = Business.StatementType


class RunForm(Form):
    """What a run is to send."""

    widths = dict.fromkeys(("type", "minimum", "start", "end", "only_past_due", "roll_up"), "w6")
    names = {"minimum_balance": "minimum", "on": "end"}

    type = choice(_TYPE.choices, required=True)
    start = day(label="From", help_text="Of balances carried forward.")
    end = day(required=True, label="Until")
    tags = TagsField(
        label="Only customers with a tag", help_text="Words with commas between them; one is enough. None: everybody."
    )
    only_past_due = forms.BooleanField(required=False, widget=UnfoldBooleanWidget(), label="Only what is past due")
    roll_up = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget(), label="One statement for a parent with its children"
    )

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
            tags=tuple(data["tags"]),
            roll_up=data["roll_up"],
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
        """With counts that the database makes for the rows of a page alone."""
        return super().get_queryset(request).annotate(**{f"{name}_count": _number_of(name) for name in _KINDS})

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
        return _state(obj)

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
            planned = _planned(preview_run(request.business, form.order()))
        context = {"form": form, "planned": planned, "back": self.url_of_list(), "media": self.media}
        return pages.show(self, request, "run_new", "New statement run", **context)

    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        row = self.find(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        rows = list(_worst_first(row.outcomes.select_related("customer", "message", "business"))[:_SHOWN])
        amounts_of = amounts_due(row, rows)
        context = {
            "row": row,
            "name": self.name(row),
            "progress": self._progress(row),
            "live": reverse("admin:billing_statementrun_progress", args=[row.pk]),
            "outcomes": [_outcome(outcome, amounts_of[outcome.pk]) for outcome in rows],
            "more": max(0, sum(_counts(row).values()) - _SHOWN),
            "media": self.media,
        }
        return pages.show(self, request, "run", self.name(row), original=row, **context)

    # Progress --------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<path:object_id>/progress/", view, name="billing_statementrun_progress"), *super().get_urls()]

    def progress_view(self, request: AdminRequest, object_id: str) -> JsonResponse:
        """How far the run is, for its page to ask again and again."""
        return JsonResponse(self._progress(self.find(request, object_id)))

    @staticmethod
    def _progress(run: StatementRun) -> dict[str, Any]:
        counts = _counts(run)
        total = sum(counts.values())
        state, label = _state(run)
        return {
            "state": label,
            "badge": amounts.BADGES[state],
            "going": bool(counts["planned"] or counts["queued"]),
            "total": total,
            "done": total - counts["planned"] - counts["queued"],
            "counts": [
                {"kind": kind, "number": number, "share": round(number * 100 / (total or 1), 2)}
                for kind, number in counts.items()
            ],
        }


def _state(run: StatementRun) -> tuple[str, str]:
    """A badge's name and its word; all may be queued before it is known what became of it."""
    if run.state == StatementRun.State.DONE and _counts(run)["queued"]:
        return "sending", "Sending"
    return run.state, run.get_state_display()


def _initial(business: Business) -> dict[str, Any]:
    today = clock.today(business.time_zone)
    return {
        "type": business.statement_type,
        "minimum": business.statement_minimum_minor,
        "start": today.replace(day=1),
        "end": today,
        "only_past_due": business.statement_only_past_due,
        "tags": business.statement_tags,
        "roll_up": business.statement_roll_up,
    }


def _number_of(kind: str) -> Coalesce:
    rows = StatementOutcome.objects.filter(run=OuterRef("pk"), outcome=kind).order_by().values("run")
    return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number"), output_field=IntegerField()), 0)


def _counts(run: StatementRun) -> dict[str, int]:
    """How many outcomes there are of each kind, those that left first."""
    return {name: getattr(run, f"{name}_count") for name in _KINDS}


def _worst_first(rows: QuerySet[StatementOutcome]) -> QuerySet[StatementOutcome]:
    """What failed, then what is still to come, then what left, then what was skipped."""
    order = ("failed", "planned", "queued", "sent", "skipped")
    places = (When(outcome=kind, then=Value(place)) for place, kind in enumerate(order))
    return rows.order_by(Case(*places, output_field=IntegerField()), "pk")


def _outcome(row: StatementOutcome, amount_minor: int | None) -> dict[str, Any]:
    business = row.business
    return {
        "customer": row.customer.name,
        "href": reverse("admin:customers_customer_change", args=[row.customer_id]),
        "address": row.address,
        "amount": "–" if amount_minor is None else amounts.money(amount_minor, row.currency, business),
        "outcome": row.get_outcome_display(),
        "badge": amounts.BADGES[row.outcome],
        "reason": row.reason,
    }


def _planned(preview: Preview) -> dict[str, Any]:
    """Who would get one and what it would say is due, and who would not and why."""
    pairs = list(zip(preview.outcomes, preview.amounts, strict=True))
    going = [pair for pair in pairs if pair[0].outcome == StatementOutcome.Outcome.PLANNED]
    skipped = [pair for pair in pairs if pair[0].outcome != StatementOutcome.Outcome.PLANNED]
    return {
        "going": len(going),
        "skipped": len(skipped),
        "sums": _sums(preview.run.business, going),
        "rows": [_outcome(*pair) for pair in [*going, *skipped][:_SHOWN]],
        "more": max(0, len(pairs) - _SHOWN),
    }


def _sums(business: Business, going: list[tuple[StatementOutcome, int | None]]) -> list[str]:
    """What the statements come to, per currency."""
    sums: Counter[str] = Counter()
    for row, amount in going:
        sums[row.currency] += amount or 0
    return [amounts.money(minor, currency, business) for currency, minor in sorted(sums.items())]

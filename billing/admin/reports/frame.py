"""What the pages of reports have in common: the door, the form above them, tabs, pages of rows, charts and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse

from billing.admin.forms import Form
from billing.admin.pages import safe_name
from billing.serializers.reports.shared import Table
from businesses.membership import AdminRequest
from businesses.models import Business
from businesses.permissions import may
from customers.models import CustomerBalance
from invoicing.lib.csv import MEDIA_TYPE, encode_csv
from invoicing.lib.money import exponent

ROWS = 50
_MOST_PAGES = 1_000_000


class ReportForm(Form):
    """What is asked, in the address; what is not valid is shown on its field, and the default taken."""

    def __init__(self, request: AdminRequest, initial: Mapping[str, Any]) -> None:
        given = {name: request.GET[name] for name in self.base_fields if request.GET.get(name)}
        plain = {name: value for name, value in initial.items() if name not in given}
        super().__init__({**plain, **given}, initial=dict(initial))
        self.full_clean()

    def asked(self, name: str) -> Any:
        """The value that holds."""
        return self.cleaned_data.get(name) or self.initial.get(name)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = data.get("start"), data.get("end")
        if start and end and end < start:
            self.add_error("end", "Must not be before its first day.")
        return data


def enter(request: AdminRequest) -> Business:
    """The business at hand; PermissionDenied for a role that may not view."""
    if not may(request.role, "view"):
        raise PermissionDenied
    return request.business


def show(request: AdminRequest, name: str, title: str, form: forms.Form, **context: Any) -> TemplateResponse:
    """A report's page."""
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    kept = [(name, request.GET[name]) for name in ("currency", "by") if name in request.GET]
    known = {"title": title, "form": form, "kept": kept, "csv": _address(request, format="csv", p=None)}
    frame = {**admin.site.each_context(request), **known, **context}
    return TemplateResponse(request, f"admin/billing/report_{name}.html", frame)


def wants_csv(request: AdminRequest) -> bool:
    """Whether the button was pressed that downloads the table."""
    return request.GET.get("format") == "csv"


def download(table: Table, name: str) -> HttpResponse:
    """The whole table as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{safe_name(name)}.csv"'}
    return HttpResponse(encode_csv(*table), content_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def tabs(request: AdminRequest, name: str, known: Iterable[tuple[str, str]], chosen: str) -> list[dict[str, Any]]:
    """Ways to the same report with another value of `name`; none where there is only one."""
    links = [
        {
            "title": label,
            "link": _address(request, **{name: value, "p": None, "format": None}),
            "active": value == chosen,
        }
        for value, label in known
    ]
    return links if len(links) > 1 else []


def currencies(business: Business) -> list[str]:
    """Every currency in which anything was ever posted, the business's own first."""
    rows = CustomerBalance.objects.of(business).order_by("currency").values_list("currency", flat=True).distinct()
    return sorted(rows, key=lambda code: (code != business.currency, code))


def currency_of(request: AdminRequest, business: Business, used: Sequence[str]) -> str:
    """The currency that is shown: the one asked for, else the business's where it is used, else the first."""
    asked = request.GET.get("currency", "")
    return next((code for code in (asked, business.currency, *used) if code in used), business.currency)


def page_of(request: AdminRequest) -> int:
    """The number of the page that is asked for, from 1."""
    text = request.GET.get("p", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1
    return min(max(number, 1), _MOST_PAGES)


def turn(request: AdminRequest, total: int) -> dict[str, Any]:
    """The pages before and after."""
    page, pages = page_of(request), max(1, -(-total // ROWS))
    return {
        "first": min((page - 1) * ROWS + 1, total),
        "last": min(page * ROWS, total),
        "total": total,
        "before": _address(request, p=str(page - 1), format=None) if page > 1 else None,
        "after": _address(request, p=str(page + 1), format=None) if page < pages else None,
    }


def chart(business: Business, currency: str, labels: list[str], series: list[dict[str, Any]]) -> str:
    """What reports.js draws: series of minor units, in major units, for the height of a bar is not money any more."""
    scale = 10 ** exponent(currency)
    return json.dumps(
        {
            "labels": labels,
            "series": [{**one, "data": [minor / scale for minor in one["data"]]} for one in series],
            "currency": currency,
            "locale": business.locale.replace("_", "-"),
        }
    )


def _address(request: AdminRequest, **changes: str | None) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"?{query.urlencode()}"

"""All paths: the native API, the admin, the accounts of people, and what says whether this process is well."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from dialects.refusals import refuse
from invoicing import health
from invoicing.middleware import API

api: list[URLPattern | URLResolver] = [  # tried in this order: first what is asked for most
    path("", include("billing.api.invoices")),
    path("", include("customers.api.urls")),
    path("", include("billing.api.payments")),
    path("", include("businesses.api.urls")),
    path("", include("businesses.api.links")),
    path("", include("messaging.api.connections")),
    path("", include("webhooks.api.urls")),
    path("", include("billing.api.products")),
    path("", include("billing.api.tax_rates")),
    path("", include("billing.api.pending_lines")),
    path("", include("billing.api.consolidation")),
    path("", include("billing.api.approval")),
    path("", include("billing.api.write_offs")),
    path("", include("billing.api.adjustments")),
    path("", include("billing.api.credit_notes")),
    path("", include("billing.api.balances")),
    path("", include("billing.api.statements")),
    path("", include("billing.api.statement_outcomes")),
    path("", include("billing.api.quotations")),
    path("", include("billing.api.uploaded_files")),
    path("", include("billing.api.attachments")),
    path("", include("billing.api.reports")),
    re_path(r"^openapi\.json/?$", SpectacularJSONAPIView.as_view(), name="schema"),
    re_path(r"^docs/?$", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", lambda request: HttpResponseRedirect("/admin/")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("api/v1/", include(api)),
    path("corebill/v1/", include("dialects.corebill.urls")),
    path("invoiced/", include("dialects.invoiced.urls")),
    path("earnipay/v1/", include("dialects.earnipay.urls")),
    path("accounts/", include("messaging.urls")),
    path("s/", include("billing.public.urls")),
    path("admin/reports/", include("billing.admin.reports.urls")),
    path("admin/", admin.site.urls),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before any view: an unknown Host above all."""
    if request.path.startswith(API):
        return refuse(request, 400, "The request is malformed, or its Host is not one of ALLOWED_HOSTS.")
    return HttpResponse("<h1>Bad request</h1>", status=400)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """JSON for programs, Django's page elsewhere."""
    if request.path.startswith(API):
        return refuse(request, 404, "There is nothing at this path.")
    return HttpResponse("<h1>Not found</h1>", status=404)


def handler500(request: HttpRequest) -> HttpResponse:
    """What nobody expected, with the request id that the log has too."""
    if request.path.startswith(API):
        return refuse(request, 500, "Something went wrong on our side.")
    return HttpResponse(f"<h1>Something went wrong</h1><p>Request {request.request_id}</p>", status=500)  # type: ignore[attr-defined]

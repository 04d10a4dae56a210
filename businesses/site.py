"""The admin site: who may enter, the switcher between businesses, search, and only admins that say who may see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from businesses.login import LoginForm
from businesses.membership import AdminRequest, choose_business, enter
from invoicing.lib.spoken_numbers import speaking

_FOUND_PER_KIND = 5


def _has_odd_id(request: HttpRequest) -> bool:
    """Whether the request names an id that no row can have: Django's admin hands it to the database as it came."""
    sent = [value for query in (request.GET, request.POST) for name in query for value in query.getlist(name)]
    odd = any(value.isnumeric() and not (value.isascii() and len(value) < 19) for value in sent)
    return odd or any(not value.isdigit() for value in request.POST.getlist("_selected_action"))


class InvoicingSite(UnfoldAdminSite):
    """Lets active staff in who are members of a business, one business at a time."""

    index_title = "Dashboard"
    empty_value_display = "–"
    login_form = LoginForm

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register an admin that says who may view it; those of libraries, which know no tenants, stay out."""
        if hasattr(admin_class, "view_action"):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return enter(request) is not None

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Django's, in the time zone and with the numbers of the business; the page is rendered inside."""
        inner = super().admin_view(view, cacheable)

        def in_time_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            member = enter(request)
            zone = ZoneInfo(member.business.time_zone) if member else None
            with timezone.override(zone), speaking(member.business.locale if member else "en_US"):
                try:
                    response: HttpResponse = inner(request, *args, **kwargs)
                    return response.render() if isinstance(response, TemplateResponse) else response
                except (OverflowError, ValueError):
                    if not _has_odd_id(request):
                        raise
                    return HttpResponseBadRequest("<h1>Bad request</h1><p>An id is not a number.</p>")

        return update_wrapper(in_time_zone, inner)

    def extra_urls(self) -> list[URLPattern]:
        """What unfold does not have; these come before Django's."""
        # Django lets only those log out who may enter; whoever belongs to no business wants to leave too.
        leave = path("logout/", csrf_protect(never_cache(self.logout)), name="logout")
        return [leave, path("switch/", self.admin_view(self.switch), name="switch")]

    def switch(self, request: AdminRequest) -> HttpResponse:
        """Work in another of one's businesses; what is open belongs to the one that is left, so to the dashboard."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        choose_business(request, request.POST.get("business", ""))
        return HttpResponseRedirect(reverse("admin:index"))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The login; whoever is logged in and belongs to no business is told so."""
        if request.method == "GET" and request.user.is_authenticated and enter(request) is None:
            return render(request, "pages/no_business.html", {"title": "No business yet"}, status=403)
        response: HttpResponse = super().login(request, {**(extra_context or {}), "title": "Log in"})
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Django's, back to the login."""
        if request.method == "POST":
            super().logout(request, extra_context)
        return HttpResponseRedirect(reverse("admin:login"))

    def search(self, request: AdminRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What Ctrl+K finds: pages, and the first rows of each kind. Not cached: rows belong to the business at hand."""
        term = request.GET.get("s", "").strip()[:100]
        if not term or "\0" in term:
            return HttpResponse()
        found = [*self._search_apps(self.get_app_list(request), term.lower()), *self._search_rows(request, term)]
        pages = Paginator(found, 100)
        extended = "extended" in request.GET
        return TemplateResponse(
            request,
            f"unfold/helpers/{'command' if extended else 'search'}_results.html",
            {"page_obj": pages, "results": pages.page(1), "page_counter": 0, "execution_time": 0},
            headers={"HX-Trigger": "search"},
        )

    def _search_rows(self, request: AdminRequest, term: str) -> Iterable[SearchResult]:
        for model, admin in self._registry.items():
            if admin.global_search and admin.has_view_permission(request):
                rows, _ = admin.get_search_results(request, admin.get_queryset(request), term)
                for row in rows[:_FOUND_PER_KIND]:
                    kind = str(model._meta.verbose_name).capitalize()
                    yield SearchResult(title=str(row), description=kind, link=admin.url_of(row.pk), icon=admin.icon)

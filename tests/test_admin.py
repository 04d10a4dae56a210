"""Every page of the admin × roles and strangers, made from what is registered: an admin added without a door fails here."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.models import LogEntry
from django.forms import ModelChoiceField
from django.test import Client, RequestFactory

from billing.services.credit_notes import Credit, credit_invoice
from billing.tests.admin_cast import a_customer, a_product, an_adjustment, an_invoice
from businesses.admin.base import BusinessAdmin
from businesses.admin.filters import OwnAutocompleteFilter, OwnRelatedFilter
from businesses.audit import SYSTEM
from businesses.authentication import create_api_key
from businesses.membership import enter
from businesses.models import Business, Role
from businesses.permissions import may
from businesses.tests.people import browser_of, make_member, text_of
from conftest import Api, make_api
from messaging.services import save_text
from webhooks.services.endpoints import create_endpoint

ADMINS: dict[Any, Any] = dict(admin.site._registry)
NAMES = [model._meta.label_lower for model in ADMINS]
BY_NAME = dict(zip(NAMES, ADMINS.values(), strict=True))


def fill(business: Business, api: Api) -> None:
    """At least one row of everything that the admin shows."""
    create_endpoint(business, url="https://hooks.example.com/in", events=["*"], actor=SYSTEM)
    customer = a_customer(business)
    a_product(business)
    assert api.post("/tax-rates", {"name": "VAT", "rate": 19}).status_code == 201
    invoice = an_invoice(business, "sent", customer=customer)
    an_invoice(business, "paid", customer=customer)
    line = {"description": "Work", "quantity": 1, "unit_price": 100}
    an_adjustment(customer)
    credit_invoice(invoice, Credit(amount_minor=500), actor=SYSTEM)
    assert api.post("/quotations", {"customer_id": str(customer.uuid), "items": [line]}).status_code == 201
    assert api.post("/connections", {"provider": "lob", "credential": "x" * 32}).status_code == 200
    assert api.post(f"/invoices/{invoice.uuid}/send").status_code in {200, 202}
    assert api.post(f"/customers/{customer.uuid}/statement/send", {"type": "open_item"}).status_code in {200, 202}
    assert api.post("/statement-runs", {"type": "open_item"}).status_code in {201, 202}
    save_text(business, kind="invoice", language="en", subject="Own", body="Own", actor=SYSTEM)
    create_api_key(business, name="Program", scope="read", actor=SYSTEM)


@pytest.fixture
def filled(alice: Business, api: Api) -> Business:
    fill(alice, api)
    return alice


@pytest.fixture
def strangers(bob: Business) -> Business:
    fill(bob, make_api(bob))
    make_member(bob)
    return bob


def stored(row: Any) -> dict[str, Any]:
    return dict(type(row)._default_manager.filter(pk=row.pk).values().get())


def request_of(member: Any) -> Any:
    request = RequestFactory().get("/admin/")
    request.user, request.session = member.user, {}  # type: ignore[assignment]
    enter(request)
    return request


def rows(model_admin: Any, business: Business) -> Any:
    model = model_admin.model
    return (
        model._default_manager.filter(pk=business.pk)
        if model is Business
        else model._default_manager.filter(business=business)
    )


def pages(model_admin: Any, row: Any) -> list[str]:
    return [model_admin.url_of(row.pk), model_admin.url_of(row.pk).replace("/change/", "/delete/")]


def own_pages(model_admin: Any, row: Any) -> list[str]:
    """The pages of one row that Django does not know."""
    return [model_admin.url_to(name, row) for name in getattr(model_admin, "row_views", dict)()]


def detail_actions(model_admin: Any, row: Any) -> list[str]:
    names = model_admin._extract_action_names([*model_admin.actions_detail, *model_admin.actions_row])
    paths = {model_admin.get_unfold_action(name).path.strip("/") for name in names}
    return [model_admin.url_of(row.pk).replace("/change/", f"/{path}/") for path in sorted(paths)]


# Structure -----------------------------------------------------------------------------------------------------------
def test_only_admins_of_businesses_are_registered() -> None:
    assert ADMINS
    assert all(isinstance(found, BusinessAdmin) for found in ADMINS.values())


@pytest.mark.parametrize("name", NAMES)
def test_filters_and_choices_of_references_are_of_the_own_business(
    name: str, filled: Business, strangers: Business
) -> None:
    found, request = BY_NAME[name], request_of(make_member(filled))
    for kind in (entry[1] for entry in found.get_list_filter(request) if isinstance(entry, tuple)):
        if issubclass(kind, RelatedFieldListFilter):
            assert issubclass(kind, OwnRelatedFilter | OwnAutocompleteFilter)
    forms = [found.get_form(request)] + [
        inline(found.model, admin.site).get_formset(request).form for inline in found.inlines
    ]
    for form in forms:
        for field in form.base_fields.values():
            if isinstance(field, ModelChoiceField):
                owner = "pk" if field.queryset.model is Business else "business"
                assert not field.queryset.filter(**{owner: strangers.pk}).exists()


# Pages ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_lists_and_pages_open_for_the_owner(name: str, filled: Business) -> None:
    found, owner = BY_NAME[name], browser_of(make_member(filled))
    assert owner.get(found.url_of_list(), follow=True).status_code == 200
    assert owner.get(found.url_of_list(), {"q": "näh \"'%_"}, follow=True).status_code == 200
    mine = list(rows(found, filled))
    assert mine, f"fill() makes no {name}"
    for row in mine:
        assert owner.get(found.url_of(row.pk), follow=True).status_code == 200


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", Role.values)
def test_roles_open_what_the_table_says(name: str, role: str, filled: Business) -> None:
    found, client = BY_NAME[name], browser_of(make_member(filled, role))
    row = rows(found, filled).order_by("-pk").first()
    seen = 200 if may(role, found.view_action) else 403
    assert client.get(found.url_of_list(), follow=True).status_code == seen
    assert client.get(found.url_of(row.pk), follow=True).status_code == seen
    before = stored(row)
    if found.change_action is None or not may(role, found.change_action):
        client.post(found.url_of(row.pk), {"name": "Changed", "role": "owner"})
    if found.delete_action is None or not may(role, found.delete_action):
        assert client.post(pages(found, row)[1], {"post": "yes"}).status_code in {403, 404}
    assert stored(row) == before


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_others_are_as_if_they_were_not_there(name: str, filled: Business, strangers: Business) -> None:
    found, owner = BY_NAME[name], browser_of(make_member(filled))
    foreign = rows(found, strangers).order_by("-pk").first()
    before = stored(foreign)
    for path in [*pages(found, foreign), *own_pages(found, foreign), *detail_actions(found, foreign)]:
        missing = path.replace(f"/{foreign.pk}/", "/987654321/")
        for method in ("get", "post"):
            sent = {"post": "yes", "_form_submitted": "on", "confirmed": "yes"}
            answer, unknown = (getattr(owner, method)(url, sent, follow=False) for url in (path, missing))
            assert answer.status_code in {302, 403, 404} or b'name="_form_submitted"' in answer.content, path
            assert answer.status_code == unknown.status_code
            assert str(foreign) not in text_of(answer) or answer.status_code != 200
    assert stored(foreign) == before
    ids = set(found.get_queryset(request_of(make_member(filled, "admin"))).values_list("pk", flat=True))
    assert not ids & set(rows(found, strangers).values_list("pk", flat=True))


@pytest.mark.parametrize("name", NAMES)
def test_bulk_actions_reach_no_rows_of_others(name: str, filled: Business, strangers: Business) -> None:
    found, member = BY_NAME[name], make_member(filled)
    owner = browser_of(member)
    foreign = rows(found, strangers).order_by("-pk").first()
    before = stored(foreign)
    for action in found.get_actions(request_of(member)):
        chosen = {"action": action, "_selected_action": [foreign.pk], "confirmed": "yes", "index": "0"}
        assert owner.post(found.url_of_list(), chosen).status_code < 500
    assert stored(foreign) == before


def test_a_filter_does_not_name_a_row_of_others(filled: Business, strangers: Business) -> None:
    owner = browser_of(make_member(filled))
    foreign = a_customer(strangers, name="Nobody must read this", email="x@y.test")
    for found in ADMINS.values():
        for entry in found.list_filter:
            if isinstance(entry, tuple) and found.model._meta.get_field(entry[0]).is_relation:
                answer = owner.get(found.url_of_list(), {f"{entry[0]}__id__exact": foreign.pk}, follow=True)
                assert "Nobody must read this" not in text_of(answer)


def test_search_finds_own_rows_only(filled: Business, strangers: Business) -> None:
    a_customer(filled, name="Zephyr at home", email="a@y.test")
    a_customer(strangers, name="Zephyr abroad", email="b@y.test")
    page = text_of(browser_of(make_member(filled)).get("/admin/search/", {"s": "zephyr", "extended": "1"}))
    assert "Zephyr at home" in page
    assert "abroad" not in page


@pytest.mark.parametrize("role", Role.values)
def test_the_sidebar_leads_only_to_what_opens(role: str, filled: Business) -> None:
    client = browser_of(make_member(filled, role))
    groups = client.get("/admin/").context["sidebar_navigation"]
    links = [item["link"] for group in groups for item in group["items"]]
    assert len(links) > 5
    for link in links:
        assert client.get(link, follow=True).status_code == 200


def test_what_is_done_is_in_our_trail_and_not_in_djangos(filled: Business) -> None:
    owner: Client = browser_of(make_member(filled))
    owner.post("/admin/businesses/apikey/add/", {"name": "x", "scope": "read", "expires_at_0": "", "expires_at_1": ""})
    assert not LogEntry.objects.exists()


ODD_IDS = ["²", "9" * 25, "9" * 5000]


@pytest.mark.parametrize("odd", ODD_IDS, ids=["superscript", "beyond 64 bits", "beyond int"])
def test_an_id_that_no_row_can_have_is_no_500(alice: Business, odd: str) -> None:
    client, draft = browser_of(make_member(alice)), an_invoice(alice)
    a_customer(alice, name="Another")
    for path in (
        f"/admin/billing/invoice/?customer={odd}",
        f"/admin/billing/invoice/?customer__id__exact={odd}",
        f"/admin/billing/payment/?customer={odd}",
        f"/admin/billing/invoice/add/?customer={odd}",
        f"/admin/billing/payment/add/?customer={odd}",
        f"/admin/billing/payment/open/?customer={odd}",
        f"/admin/billing/adjustment/add/?customer={odd}",
        f"/admin/billing/invoice/{draft.pk}/pdf/?revision={odd}",
    ):
        assert client.get(path).status_code in {200, 302, 400, 404}, path
    posted = {"action": "download", "_selected_action": odd}
    assert client.post("/admin/billing/invoice/", posted).status_code in {200, 302, 400}
    assert client.post("/admin/billing/invoice/", {**posted, "_selected_action": "x"}).status_code in {200, 302, 400}
    assert client.post("/admin/customers/customer/add/", {"name": "N", "parent": odd}).status_code in {200, 400}

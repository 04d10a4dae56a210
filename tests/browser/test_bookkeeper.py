"""What a bookkeeper does in the browser: log in, bill a customer, look at the PDF, take the money."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from billing.models import Invoice
from billing.tests.admin_cast import a_customer, a_product
from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Role
from businesses.services import add_member
from conftest import make_business

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long and quiet harbour"


@pytest.fixture
def office(live_server: Any, settings: Any) -> Any:
    settings.ALLOWED_HOSTS = ["*"]
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    business = make_business("Harbor Studio", email="office@harbor.test", accent_color="#0f766e")
    user = add_member(business, email="robin@harbor.test", role=Role.OWNER, actor=SYSTEM).user
    user.set_password(PASSWORD)
    user.save()
    return business


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/")
    page.fill("input[name=username]", "robin@harbor.test")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page.get_by_text("Outstanding").first).to_be_visible()


def test_from_login_to_paid(page: Page, live_server: Any, office: Any) -> None:
    a_customer(office, name="Acme Corp")
    a_product(office, name="Website design")
    log_in(page, live_server.url)
    page.get_by_role("link", name="New invoice").click()
    page.locator(".select2-selection").first.click()
    page.fill(".select2-search__field", "acm")
    page.locator(".select2-results__option", has_text="Acme Corp").click()
    page.fill("[name=lines-0-description]", "Consulting")
    page.fill("[name=lines-0-quantity]", "3")
    page.fill("[name=lines-0-unit_price]", "150")
    page.fill("[name=lines-0-tax_rate]", "10")
    expect(page.get_by_text("$495.00").first).to_be_visible()  # the total follows, from the server's calculator
    page.get_by_role("button", name="Save and issue").click()
    expect(page.get_by_text("INV-00001").first).to_be_visible()
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.total_minor) == ("sent", 49_500)
    assert AuditEntry.objects.filter(action="invoice.sent", actor_label="robin@harbor.test").exists()

    path = page.get_by_role("link", name="PDF").first.get_attribute("href")
    pdf = page.request.get(f"{live_server.url}{path}")
    assert pdf.body().startswith(b"%PDF-")

    page.get_by_role("link", name="Record payment").or_(page.get_by_role("link", name="Record a payment")).first.click()
    page.get_by_role("button", name="Record").first.click()
    expect(page.get_by_text("Paid").first).to_be_visible()
    invoice.refresh_from_db()
    assert (invoice.status, invoice.due_minor) == ("paid", 0)


def test_the_pages_of_the_admin_stand_under_their_own_policy(page: Page, live_server: Any, office: Any) -> None:
    """No page needs a script, style or picture that the Content-Security-Policy refuses: the console would say so."""
    a_customer(office)
    log_in(page, live_server.url)
    links = page.eval_on_selector_all("a[href^='/admin/']", "links => links.map(link => link.getAttribute('href'))")
    pages = sorted({link for link in links if "logout" not in link and "?" not in link})
    assert len(pages) > 12
    for link in pages:
        answer = page.goto(f"{live_server.url}{link}")
        assert answer is not None
        assert answer.status == 200, link

"""What a bookkeeper does with a payment in the browser: choose the customer, type the amount, see what it pays."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from billing.models import Payment
from billing.tests.admin_cast import a_customer, an_invoice
from tests.browser.test_bookkeeper import log_in, office

__all__ = ["office"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_amount_spreads_over_the_open_invoices_while_it_is_typed(page: Page, live_server: Any, office: Any) -> None:
    customer = a_customer(office, name="Acme Corp")
    first = an_invoice(office, "sent", customer=customer, due_date=date(2026, 1, 1))
    second = an_invoice(office, "sent", customer=customer, due_date=date(2026, 2, 1))
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/billing/payment/add/")
    page.locator(".select2-selection").first.click()
    page.fill(".select2-search__field", "acm")
    page.locator(".select2-results__option", has_text="Acme Corp").click()
    of_first, of_second = (page.locator(f"[name=share-{row.pk}]") for row in (first, second))
    expect(of_first).to_be_visible()
    page.fill("[name=amount]", "150.5")
    expect(of_first).to_have_value("110.00")
    expect(of_second).to_have_value("40.50")
    of_second.fill("10")  # by hand: from now on the amounts stay
    page.fill("[name=amount]", "150")
    expect(of_first).to_have_value("110.00")
    expect(page.locator("[data-rest]")).to_have_text("$30.00")
    page.get_by_role("button", name="Apply to the oldest").click()
    expect(of_second).to_have_value("40.00")
    page.fill("[name=amount]", "300")
    page.locator("[name=amount]").press("Enter")
    expect(page.get_by_text("of it is credit")).to_be_visible()
    made = Payment.objects.get()
    assert (made.amount_minor, made.unallocated_minor) == (30_000, 8_000)
    page.get_by_role("link", name="Change what it pays").click()
    of_second.fill("400")
    expect(page.get_by_text("More than there is")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("[data-rest]")).to_have_text("$300.00")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("$300.00 of it is credit")).to_be_visible()

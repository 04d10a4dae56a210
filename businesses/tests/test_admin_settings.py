from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from businesses import audit
from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business, StoredFile
from businesses.tests.people import browser_of, make_member, text_of
from invoicing.lib import clock


@pytest.fixture
def owner(alice: Business) -> Client:
    return browser_of(make_member(alice))


def page(business: Business) -> str:
    return f"/admin/businesses/business/{business.pk}/change/"


def typed(client: Client, business: Business, **changes: Any) -> dict[str, Any]:
    """What the browser would post after these changes."""
    form = client.get(page(business)).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**shown, **changes}.items() if value is not None and value is not False}


def png() -> SimpleUploadedFile:
    content = BytesIO()
    Image.new("RGB", (40, 20), "#0f766e").save(content, "PNG")
    return SimpleUploadedFile("logo.png", content.getvalue(), "image/png")


def test_settings_are_changed_through_the_service(alice: Business, owner: Client) -> None:
    data = typed(owner, alice, legal_name="Alice Limited", statement_minimum="12.50", time_zone="Europe/Berlin")
    assert owner.post(page(alice), data).status_code == 302
    alice.refresh_from_db()
    assert (alice.legal_name, alice.statement_minimum_minor, alice.time_zone) == (
        "Alice Limited",
        1250,
        "Europe/Berlin",
    )
    entry = AuditEntry.objects.of(alice).get(action="business.updated")
    assert entry.actor_label == "owner@alice.test"
    assert entry.changes["fields"] == ["legal_name", "statement_minimum_minor", "time_zone"]


def test_saving_what_is_shown_changes_nothing(alice: Business, owner: Client) -> None:
    response = owner.post(page(alice), typed(owner, alice))
    assert response.status_code == 302, response.context["errors"]
    assert not AuditEntry.objects.of(alice).filter(action="business.updated").exists()


def test_amounts_follow_a_new_currency(alice: Business, owner: Client) -> None:
    assert owner.post(page(alice), typed(owner, alice, currency="JPY", statement_minimum="5")).status_code == 302
    alice.refresh_from_db()
    assert (alice.currency, alice.statement_minimum_minor) == ("JPY", 5)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("iban", "DE00", "not a valid IBAN"),
        ("invoice_pattern", "INV", "Expected a pattern"),
        ("statement_minimum", "1.234", "At most 2 decimals"),
        ("currency", "ABC", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_shown_and_nothing_is_saved(
    alice: Business, owner: Client, name: str, value: str, words: str
) -> None:
    response = owner.post(page(alice), typed(owner, alice, **{name: value, "city": "Elsewhere"}))
    assert response.status_code == 200
    assert words in str(response.context["adminform"].form.errors[name])
    alice.refresh_from_db()
    assert alice.city is None


def test_a_logo_is_stored_shown_and_removed(alice: Business, owner: Client) -> None:
    assert owner.post(page(alice), typed(owner, alice, new_logo=png())).status_code == 302
    alice.refresh_from_db()
    assert alice.logo is not None
    assert "data:image/png;base64," in text_of(owner.get(page(alice)))
    owner.post(page(alice), typed(owner, alice, remove_logo="on"))
    alice.refresh_from_db()
    assert alice.logo is None


def test_a_refusal_of_the_service_is_shown_on_the_field(alice: Business, owner: Client) -> None:
    wrong = SimpleUploadedFile("logo.png", b"GIF89a nonsense", "image/png")
    response = owner.post(page(alice), typed(owner, alice, new_logo=wrong, city="Elsewhere"))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["new_logo"] == ["Expected a PNG or JPEG picture."]
    alice.refresh_from_db()
    assert alice.city is None
    assert not StoredFile.objects.exists()


def test_there_is_one_page_and_no_list(alice: Business, owner: Client) -> None:
    assert owner.get("/admin/businesses/business/")["Location"] == page(alice)
    assert owner.get("/admin/businesses/business/add/").status_code == 403
    assert owner.post(f"/admin/businesses/business/{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_viewer_sees_but_does_not_change(alice: Business) -> None:
    viewer = browser_of(make_member(alice, "viewer"))
    assert alice.name in text_of(viewer.get(page(alice)))
    assert viewer.post(page(alice), {"name": "Mine"}).status_code == 403


def test_times_are_those_of_the_business(bob: Business) -> None:
    owner = browser_of(make_member(bob))
    with clock.at(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)):
        entry = audit.record(bob, SYSTEM, "business.updated", bob)
    assert "2 Jul 2026, 00:30" in text_of(owner.get(f"/admin/businesses/auditentry/{entry.pk}/change/"))

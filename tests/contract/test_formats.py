"""What every wire format answers where no view of its own is reached, or something breaks: its own form of an error."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from conftest import make_api
from customers.api.inputs import CustomerInput
from dialects.corebill import ids

pytestmark = pytest.mark.django_db

FORMS = {
    "/corebill/v1/nothing": {"error"},
    "/earnipay/v1/nothing": {"statusCode", "message", "error"},
    "/invoiced/nothing": {"type", "message"},
    "/api/v1/nothing": {"error", "code", "details"},
}


@pytest.mark.parametrize("path", FORMS)
def test_an_unknown_host(path: str) -> None:
    response = Client().get(path, headers={"Host": "evil.test"})
    assert response.status_code == 400
    assert set(response.json()) == FORMS[path]


@pytest.mark.parametrize("path", FORMS)
def test_an_unknown_path(path: str) -> None:
    response = Client().get(path)
    assert response.status_code in {401, 404}
    assert set(response.json()) == FORMS[path]


# Every field of a customer: a value, and its name in Invoiced's, CoreBill's and Earnipay's format (None: it has none).
FIELDS: dict[str, tuple[Any, str | None, str | None, str | None]] = {
    "name": ("Acme", "name", "name", "name"),
    "email": ("ap@acme.test", "email", "contact_email", "email"),
    "phone": ("+1 555", "phone", "contact_phone", "phone"),
    "address": ("1 Main St", "address1", "legal_address", "address"),
    "address2": ("Floor 2", "address2", None, None),
    "city": ("Reno", "city", "city", "city"),
    "state": ("NV", "state", None, "state"),
    "country": ("US", "country", "country", "country"),
    "postal_code": ("89501", "postal_code", "zipcode", "postalCode"),
    "tax_id": ("T1", "tax_id", "legal_vat", "TIN"),
    "legal_name": ("Acme Incorporated", None, "legal_name", "businessName"),
    "notes": ("Pays late", "notes", "notes", None),
    "currency": ("EUR", "currency", "currency", None),
    "status": ("inactive", None, "status", None),
    "number": ("A-7", "number", None, None),
    "type": ("person", "type", None, None),
    "attention_to": ("Jane", "attention_to", None, None),
    "language": ("de", "language", None, None),
    "payment_terms": ("NET 14", "payment_terms", None, None),
    "credit_hold": (True, "credit_hold", None, None),
    "credit_limit": (1000.5, "credit_limit", None, None),
    "taxable": (False, "taxable", None, None),
    "reminders": (False, "chase", None, None),
    "autopay": (True, "autopay", None, None),
    "metadata": ({"erp": "7"}, "metadata", None, None),
    "buyer_reference": ("04011000-1", None, None, None),
    "tags": (["vip"], None, None, None),
}
# What a format writes otherwise than it reads.
WRITTEN = {("invoiced", "EUR"): "eur", ("earnipay", "US"): "United States"}
FORMATS = ("native", "invoiced", "corebill", "earnipay")


def spelt(form: str) -> dict[str, str]:
    """Native name → the format's, for the fields that it has."""
    if form == "native":
        return {name: name for name in FIELDS}
    index = FORMATS.index(form)
    return {name: str(row[index]) for name, row in FIELDS.items() if row[index] is not None}


def test_the_table_has_every_field() -> None:
    from dialects.corebill.mapping import CUSTOMER_FIELDS as COREBILL
    from dialects.invoiced.mapping import CUSTOMER_FIELDS as INVOICED

    assert {*FIELDS, "parent_id"} == {*CustomerInput().fields}
    assert set(spelt("invoiced").values()) == set(INVOICED)
    assert set(spelt("corebill").values()) == set(COREBILL)


@pytest.mark.parametrize("form", FORMATS)
def test_a_customer_made_in_one_format_is_seen_in_the_others(alice: Any, form: str) -> None:
    """The same facts under each format's own names."""
    api, client = make_api(alice), Client()
    paths = {
        "native": "/api/v1/customers",
        "invoiced": "/invoiced/customers",
        "corebill": f"/corebill/v1/customers?company_id={ids.spell(ids.COMPANY, alice.pk)}",
        "earnipay": f"/earnipay/v1/customers?businessId={alice.uuid}",
    }
    facts = {name: FIELDS[name][0] for name in spelt(form)}
    body = {theirs: facts[name] for name, theirs in spelt(form).items()}
    made = client.post(paths[form], body, content_type="application/json", headers=api.headers)
    assert made.status_code == 201, made.content
    for other, path in paths.items():
        answer = client.get(path, headers=api.headers).json()
        rows = answer if isinstance(answer, list) else answer["data"]
        (shown,) = rows["items"] if isinstance(rows, dict) else rows
        for name, theirs in spelt(other).items():
            if name in facts:
                value = facts[name]
                expected = WRITTEN.get((other, value), value) if isinstance(value, str) else value
                assert shown[theirs] == expected, (form, other, name)

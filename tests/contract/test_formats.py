"""What every wire format answers where no view of its own is reached, or something breaks: its own form of an error."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from conftest import make_api
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


def test_a_customer_made_in_one_format_is_seen_in_the_others(alice: Any) -> None:
    """The same facts under each format's own names."""
    api, client = make_api(alice), Client()
    headers, company = dict(api.headers), ids.spell(ids.COMPANY, alice.pk)
    facts = {
        "name": "Acme",
        "email": "ap@acme.test",
        "phone": "+1 555",
        "city": "Reno",
        "country": "US",
        "tax_id": "T1",
    }
    facts |= {"address": "1 Main St", "postal_code": "89501"}
    spelt = {
        f"/corebill/v1/customers?company_id={company}": {
            "name": "name",
            "email": "contact_email",
            "phone": "contact_phone",
            "city": "city",
            "country": "country",
            "tax_id": "legal_vat",
            "address": "legal_address",
            "postal_code": "zipcode",
        },
        "/invoiced/customers": {
            **{name: name for name in facts},
            "address": "address1",
        },
        "/earnipay/v1/customers": {
            **{name: name for name in facts},
            "tax_id": "TIN",
            "postal_code": "postalCode",
        },
        "/api/v1/customers": {name: name for name in facts},
    }
    for number, (path, names) in enumerate(spelt.items()):
        own = {**facts, "name": f"Acme {number}"}
        body = {names[name]: value for name, value in own.items()}
        if "earnipay" in path:
            body["businessId"] = str(alice.uuid)
        made = client.post(path, body, content_type="application/json", headers=headers)
        assert made.status_code == 201, made.content
        for other, others in spelt.items():
            query = f"?businessId={alice.uuid}" if "earnipay" in other else ""
            answer = client.get(f"{other}{query}", headers=headers).json()
            rows = answer if isinstance(answer, list) else answer["data"]
            rows = rows["items"] if isinstance(rows, dict) else rows
            (shown,) = [row for row in rows if row["name"] == own["name"]]
            expected = {others[name]: value for name, value in own.items()}
            if "earnipay" in other:
                expected["country"] = "United States"
            assert {name: shown[name] for name in expected} == expected, (path, other)

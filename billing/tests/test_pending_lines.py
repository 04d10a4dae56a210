"""/customers/{id}/pending-items, and the invoice that they become."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.models import Invoice, PendingLine
from billing.serializers.pending_lines import PendingLineOutput
from billing.services.lines import LineDraft
from billing.services.pending_lines import create_pending_line
from billing.tests.admin_cast import a_customer, a_product, browser
from businesses.audit import SYSTEM
from businesses.models import AuditEntry
from customers.models import Customer

SUPPORT = {"description": "Support", "quantity": Decimal("1.5"), "unit_price": 120, "tax_rate": 10, "unit": "h"}
UNKNOWN = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def pile(customer):
    return f"/customers/{customer}/pending-items"


@pytest.fixture
def waiting(api, pile):
    answer = api.post(pile, SUPPORT)
    assert answer.status_code == 201, answer.content
    return answer.json()


# Lines -----------------------------------------------------------------------------------------------------------------
def test_create_get_and_list(api, alice, customer, pile, waiting):
    assert waiting == {
        **waiting,
        **SUPPORT,
        "quantity": 1.5,
        "business_id": str(alice.uuid),
        "customer_id": customer,
        "currency": "USD",
        "product_id": None,
        "discount_rate": None,
        "discount_amount": 0,
        "tax_category": "S",
        "net_amount": 180,
        "metadata": {},
    }
    assert set(waiting) == set(PendingLineOutput().fields)
    assert api.get(f"{pile}/{waiting['id']}").json() == waiting
    second = api.post(pile, {**SUPPORT, "discount_rate": "12.5", "metadata": {"k": "v"}}).json()
    assert (second["discount_amount"], second["net_amount"]) == (22.5, 157.5)
    assert api.get(pile).json()["data"] == [second, waiting]
    assert api.get(f"{pile}?metadata[k]=v").json()["data"] == [second]


def test_what_is_not_given_comes_from_the_product_as_it_is_now(api, pile, alice, customer):
    product = api.post("/products", {"name": "Cloud", "unit_price": "29.99", "tax_rate": 10, "unit": "mo"}).json()
    line = api.post(pile, {"product_id": product["id"], "quantity": 2}).json()
    assert (line["description"], line["unit_price"], line["tax_rate"], line["unit"]) == ("Cloud", 29.99, 10, "mo")
    api.patch(f"/products/{product['id']}", {"unit_price": 50})
    assert api.get(f"{pile}/{line['id']}").json() == line
    other = api.post("/products", {"name": "Disk", "unit_price": 5}).json()
    changed = api.patch(f"{pile}/{line['id']}", {"product_id": other["id"], "unit": "GB"}).json()
    assert [changed[name] for name in ("description", "unit_price", "tax_rate", "unit")] == ["Disk", 5, 0, "GB"]
    assert (changed["net_amount"], changed["quantity"]) == (10, 2)
    api.patch(f"/customers/{customer}", {"taxable": False})
    assert api.post(pile, {"product_id": product["id"], "quantity": 1}).json()["tax_rate"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": None}, "description"),
        ({"unit_price": None}, "unit_price"),
        ({"quantity": None}, "quantity"),
        ({"quantity": "1.2345678"}, "quantity"),
        ({"quantity": 10**9, "unit_price": 10**9}, "quantity"),
        ({"tax_rate": 101}, "tax_rate"),
        ({"discount_amount": 500}, "discount_amount"),
        ({"discount_amount": "0.001"}, "discount_amount"),
        ({"discount_amount": 5, "discount_rate": 10}, "discount_amount"),
        ({"product_id": UNKNOWN}, "product_id"),
        ({"currency": "ABC"}, "currency"),
        ({"metadata": {"k": 1}}, "metadata"),
        ({"id": UNKNOWN}, "id"),
        ({"qty": 1}, "qty"),
    ],
)
def test_what_is_refused_is_named(api, pile, waiting, change, field):
    for answer in (api.post(pile, {**SUPPORT, **change}), api.patch(f"{pile}/{waiting['id']}", change)):
        assert answer.status_code == 400, answer.content
        assert answer.json()["details"][0]["field"].split(".")[0] == field
    assert PendingLine.objects.count() == 1


def test_patch_and_delete(api, alice, pile, waiting):
    path = f"{pile}/{waiting['id']}"
    etag = api.get(path)["ETag"]
    assert api.patch(path, {"quantity": "1.50"}).json() == waiting
    body = api.patch(path, {"discount_amount": 10, "currency": "EUR"}, If_Match=etag).json()
    assert (body["net_amount"], body["currency"]) == (170, "EUR")
    assert api.patch(path, {"quantity": 1}, If_Match=etag).status_code == 412
    body = api.patch(path, {"discount_rate": 50, "currency": None}).json()
    assert (body["discount_amount"], body["net_amount"], body["currency"]) == (90, 90, "USD")
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == api.delete(path).status_code == 404
    actions = list(AuditEntry.objects.of(alice).filter(action__startswith="pendingline").order_by("pk"))
    assert [entry.action.split(".")[1] for entry in actions] == ["created", "updated", "updated", "deleted"]
    assert actions[1].changes == {"fields": ["currency", "discount_amount", "net_amount"]}


def test_others_see_nothing(api, bob_api, pile, waiting):
    own = bob_api.post("/customers", {"name": "Bob's"}).json()["id"]
    for path in (pile, f"/customers/{own}/pending-items"):
        assert bob_api.get(f"{path}/{waiting['id']}").status_code == 404
        assert bob_api.patch(f"{path}/{waiting['id']}", {"quantity": 2}).status_code == 404
        assert bob_api.delete(f"{path}/{waiting['id']}").status_code == 404
    assert bob_api.get(pile).status_code == bob_api.post(pile, SUPPORT).status_code == 404
    assert bob_api.post(f"{pile}/invoice", {}).status_code == 404
    second = api.post("/customers", {"name": "Second"}).json()["id"]
    assert api.get(f"/customers/{second}/pending-items/{waiting['id']}").status_code == 404


def test_replay_and_dry_run(api, pile):
    first = api.post(pile, SUPPORT, Idempotency_Key="k")
    assert api.post(pile, SUPPORT, Idempotency_Key="k").content == first.content
    assert api.post(f"{pile}?dry_run=true", SUPPORT).json()["id"] is None
    assert PendingLine.objects.count() == 1


# The invoice -----------------------------------------------------------------------------------------------------------
def test_what_waits_becomes_one_draft(api, alice, customer, pile, waiting, events):
    api.post(pile, {"description": "Travel", "quantity": 1, "unit_price": "33.33", "tax_rate": 10, "discount_rate": 5})
    abroad = api.post(pile, {**SUPPORT, "currency": "EUR"}).json()
    answer = api.post(f"{pile}/invoice", {"notes": "March", "metadata": {"k": "v"}})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert [line["description"] for line in body["items"]] == ["Support", "Travel"]
    assert (body["status"], body["currency"], body["customer_id"], body["notes"]) == ("draft", "USD", customer, "March")
    assert (body["subtotal"], body["tax_amount"], body["total"]) == (211.66, 21.17, 232.83)
    assert body["metadata"] == {"k": "v"}
    assert waiting["id"] not in [line["id"] for line in body["items"]]
    assert api.get(pile).json()["data"] == [abroad]
    assert events() == ["customer.created", "invoice.created"]
    taken = AuditEntry.objects.of(alice).get(action="pendingline.invoiced")
    assert taken.changes["invoice"] == "INV-00001"
    assert taken.changes["lines"][0] == waiting["id"]
    nothing = api.post(f"{pile}/invoice", {})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_pending")
    issued = api.post(f"{pile}/invoice", {"currency": "EUR", "status": "sent", "invoice_number": "E-1"}).json()
    assert (issued["status"], issued["invoice_number"], issued["currency"]) == ("sent", "E-1", "EUR")
    assert PendingLine.objects.count() == 0


def test_nothing_leaves_the_pile_where_the_invoice_is_refused(api, customer, pile, waiting):
    api.post(pile, {"description": "Credit", "quantity": -10, "unit_price": 100})
    negative = api.post(f"{pile}/invoice", {})
    assert (negative.status_code, negative.json()["details"][0]["field"]) == (400, "items")
    dry = api.post(f"{pile}/invoice?dry_run=true", {"discount_value": 5})
    assert dry.status_code == 400
    api.patch(f"/customers/{customer}", {"credit_hold": True})
    assert api.post(f"{pile}/invoice", {}).status_code in {400, 409}
    assert api.post(f"{pile}/invoice", {"customer_id": customer}).json()["details"][0]["field"] == "customer_id"
    assert api.post(f"{pile}/invoice", {"items": [SUPPORT]}).json()["details"][0]["field"] == "items"
    assert (PendingLine.objects.count(), Invoice.objects.count()) == (2, 0)


def test_a_replayed_or_dry_invoice_takes_nothing_twice(api, pile, waiting):
    dry = api.post(f"{pile}/invoice?dry_run=true", {}).json()
    assert (dry["id"], dry["invoice_number"], dry["total"]) == (None, None, 198)
    assert PendingLine.objects.count() == 1
    first = api.post(f"{pile}/invoice", {}, Idempotency_Key="k")
    assert api.post(f"{pile}/invoice", {}, Idempotency_Key="k").content == first.content
    assert Invoice.objects.count() == 1


def test_what_formats_keep_of_lines_goes_with_them(api, alice, customer, pile, waiting):
    row = Customer.objects.get()
    draft = LineDraft(description="Kept", quantity=Decimal(1), unit_price=Decimal(1))
    create_pending_line(row, draft, actor=SYSTEM, extra={"other": {"type": "hours"}})
    api.post(f"{pile}/invoice", {})
    assert Invoice.objects.get().extra == {"other": {"items": [{}, {"type": "hours"}]}}


def test_no_more_wait_than_an_invoice_holds(api, alice, pile, waiting):
    row = PendingLine.objects.get()
    PendingLine.objects.bulk_create(_copy(row) for _ in range(999))
    assert api.post(pile, SUPPORT).json()["code"] == "too_many_pending"
    assert len(api.post(f"{pile}/invoice", {}).json()["items"]) == 1000


def _copy(row):
    from invoicing.lib.ids import uuid7

    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return PendingLine(**{**columns, "id": None, "uuid": uuid7()})


# Admin -----------------------------------------------------------------------------------------------------------------
def test_the_customers_page_says_how_many_wait(alice):
    customer, product = a_customer(alice), a_product(alice)
    client = browser(alice)
    path = f"/admin/customers/customer/{customer.pk}"
    assert b"pending item" not in client.get(f"{path}/change/").content
    for quantity in (1, 2):
        create_pending_line(customer, LineDraft(product=product, quantity=Decimal(quantity)), actor=SYSTEM)
    shown = client.get(f"{path}/change/").content.decode()
    assert "2 pending items" in shown
    assert "89.97" in shown
    assert f"{path}/invoice_pending/?currency=USD" in shown
    assert client.get(f"{path}/invoice_pending/?currency=USD").status_code == 200
    assert Invoice.objects.count() == 0
    done = client.post(f"{path}/invoice_pending/?currency=USD", {"confirmed": "yes"})
    assert done["Location"] == f"/admin/billing/invoice/{Invoice.objects.get().pk}/change/"
    refused = client.post(f"{path}/invoice_pending/?currency=%00", {"confirmed": "yes"}, follow=True)
    assert "Nothing waits" in refused.content.decode()


def test_a_viewer_invoices_nothing(alice, bob):
    customer = a_customer(alice)
    create_pending_line(customer, LineDraft(description="x", quantity=Decimal(1), unit_price=Decimal(1)), actor=SYSTEM)
    path = f"/admin/customers/customer/{customer.pk}"
    viewer = browser(alice, "viewer")
    assert b"Invoice pending items" not in viewer.get(f"{path}/change/").content
    assert viewer.post(f"{path}/invoice_pending/", {"confirmed": "yes"}).status_code == 403
    assert browser(bob).post(f"{path}/invoice_pending/", {"confirmed": "yes"}).status_code == 404

"""Invoiced's files and what hangs on documents."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from billing.models import CreditNote, Invoice, Quotation, UploadedFile
from businesses.audit import SYSTEM
from dialects.invoiced.files import attach
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib.errors import Invalid

pytestmark = pytest.mark.django_db
BODY = {"url": "https://files.example.com/a.pdf", "name": "a.pdf", "size": 1024, "type": "application/pdf"}
PDF = b"%PDF-1.7 a small one"
MODELS: dict[str, Any] = {"invoices": Invoice, "estimates": Quotation, "credit_notes": CreditNote}


def upload(program: Invoiced, name: str = "b.pdf", content: bytes = PDF) -> HttpResponse:
    user = base64.b64encode(f"{program.key}:".encode()).decode()
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile(name, content)})
    headers = {"Authorization": f"Basic {user}"}
    return program.client.generic("POST", "/invoiced/files", body, MULTIPART_CONTENT, headers=headers)


def test_a_file_elsewhere(invoiced: Invoiced) -> None:
    response = invoiced.post("/files", BODY)
    made = response.json()
    assert (response.status_code, {name: made[name] for name in BODY}) == (201, BODY)
    assert (made["object"], made["id"]) == ("file", UploadedFile.objects.get().pk)
    assert invoiced.get(f"/files/{made['id']}").json() == made
    assert invoiced.call("DELETE", f"/files/{made['id']}").status_code == 204
    assert invoiced.get(f"/files/{made['id']}").status_code == 404
    assert invoiced.post("/files", form={**BODY, "size": ""}).json()["size"] is None


def test_a_file_that_is_sent(invoiced: Invoiced) -> None:
    response = upload(invoiced)
    made = response.json()
    assert (response.status_code, made["name"], made["type"], made["size"]) == (201, "b.pdf", "application/pdf", 20)
    path = "/" + made["url"].split("/", 3)[3]
    content = Client().get(path)
    assert (content.content, content["Content-Disposition"]) == (PDF, 'attachment; filename="b.pdf"')
    invoiced.call("DELETE", f"/files/{made['id']}")
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({**BODY, "url": "file:///etc/passwd"}, "url"),
        ({**BODY, "size": -1}, "size"),
        ({"url": BODY["url"], "type": "x"}, "name"),
        ({"file": "x"}, "file"),
    ],
)
def test_bodies_that_cannot_be(invoiced: Invoiced, body: Any, param: str) -> None:
    response = invoiced.post("/files", body)
    assert (response.status_code, response.json()["param"]) == (400, param)


def test_files_that_are_refused(invoiced: Invoiced) -> None:
    response = upload(invoiced, "page.html", b"<script>")
    assert (response.status_code, response.json()["param"]) == (400, "file")


@pytest.mark.parametrize("kind", MODELS)
def test_on_documents(invoiced: Invoiced, bobs: Invoiced, kind: str) -> None:
    customer = invoiced.post("/customers", {"name": "A"}).json()["id"]
    items = [{"name": "Work", "quantity": 1, "unit_cost": 100}]
    document = invoiced.post(f"/{kind}", {"customer": customer, "items": items}).json()["id"]
    path = f"/{kind}/{document}/attachments"
    empty = invoiced.get(path)
    assert (empty.json(), empty["X-Total-Count"]) == ([], "0")
    assert 'rel="self"' in empty["Link"]
    first, second = invoiced.post("/files", BODY).json(), upload(invoiced).json()
    attach(MODELS[kind].objects.get(), [str(second["id"]), str(first["id"])], actor=SYSTEM)
    found = invoiced.get(path).json()
    assert [(row["file"], row["location"]) for row in found] == [(second, "attachment"), (first, "attachment")]
    assert isinstance(found[0]["created_at"], int)
    assert invoiced.call("DELETE", f"/files/{first['id']}").status_code == 400
    assert bobs.get(path).status_code == 404
    for text in ("x", "999999", "-1", "1" * 30):
        with pytest.raises(Invalid, match=r"attachments\.0: No such file"):
            attach(MODELS[kind].objects.get(), [text], actor=SYSTEM)


def test_nothing_of_anothers(invoiced: Invoiced, bobs: Invoiced) -> None:
    file = upload(invoiced).json()["id"]
    assert bobs.get(f"/files/{file}").status_code == 404
    assert bobs.call("DELETE", f"/files/{file}").status_code == 404

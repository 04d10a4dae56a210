"""/files and /…/attachments: taken in, downloaded, hung on documents, mailed with them, removed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from billing.models import UploadedFile
from billing.selectors.books import find_damage
from billing.services import attachments as rules
from billing.services.files import TYPES, clean_name
from billing.tasks import prepare_message
from businesses.models import AuditEntry, Business, StoredFile
from conftest import Api
from invoicing.lib.uploads import MAX_FILE
from messaging.models import Message

PDF = b"%PDF-1.7 a small one"
ELSEWHERE = {"url": "https://files.example.com/a.pdf", "name": "a.pdf", "media_type": "application/pdf", "size": 12}
Upload = Callable[..., HttpResponse]


@pytest.fixture
def upload(api: Api) -> Upload:
    """Send a file as a form does."""
    return lambda name="terms.pdf", content=PDF, field="file", **headers: send(api, name, content, field, **headers)


def send(api: Api, name: str, content: bytes, field: str = "file", **headers: str) -> HttpResponse:
    body = encode_multipart(BOUNDARY, {field: SimpleUploadedFile(name, content, "text/html")})
    sent = {**api.headers, **{key.replace("_", "-"): value for key, value in headers.items()}}
    return api.client.generic("POST", "/api/v1/files", body, MULTIPART_CONTENT, headers=sent)


# Taken in ------------------------------------------------------------------------------------------------------------
def test_a_file_is_kept(api: Api, alice: Business, upload: Upload) -> None:
    made = upload()
    assert made.status_code == 201, made.content
    shown = made.json()
    assert (shown["name"], shown["media_type"], shown["size"], shown["url"]) == (
        "terms.pdf",
        "application/pdf",
        20,
        None,
    )
    path = f"/files/{shown['id']}"
    assert api.get(path).json() == shown
    assert api.get("/files").json()["data"] == [shown]
    content = api.get(f"{path}/content")
    assert (content.content, content["Content-Type"]) == (PDF, "application/pdf")
    assert content["Content-Disposition"] == 'attachment; filename="terms.pdf"'
    assert content["X-Content-Type-Options"] == "nosniff"
    assert AuditEntry.objects.latest("pk").action == "file.created"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert list(find_damage(alice)) == []


def test_the_same_bytes_are_kept_once(upload: Upload) -> None:
    first, second = upload(), upload("other.pdf")
    assert first.json()["id"] != second.json()["id"]
    assert StoredFile.objects.count() == 1


def test_a_file_elsewhere_is_not_fetched(api: Api) -> None:
    made = api.post("/files", ELSEWHERE)
    assert made.status_code == 201, made.content
    assert {name: made.json()[name] for name in ELSEWHERE} == ELSEWHERE
    assert api.get(f"/files/{made.json()['id']}/content").status_code == 404


@pytest.mark.parametrize(
    "url", ["ftp://a.test/x", "javascript:alert(1)", "https://", "//a.test/x", "https://a.test/a b", "https://[/x"]
)
def test_addresses_that_are_none(api: Api, url: str) -> None:
    answer = api.post("/files", {**ELSEWHERE, "url": url})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "url")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("page.html", b"<script>", "name ends in one of"),
        ("page.svg", b"<svg>", "name ends in one of"),
        ("noending", PDF, "name ends in one of"),
        ("x.pdf", b"<html>", "are not application/pdf"),
        ("x.png", PDF, "are not image/png"),
        ("x.docx", PDF, "are not application/vnd"),
        ("x.txt", b"", "empty"),
    ],
)
def test_files_that_are_refused(upload: Upload, name: str, content: bytes, says: str) -> None:
    answer = upload(name, content)
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "file"), answer.content
    assert says in answer.json()["error"]
    assert not UploadedFile.objects.exists()


@pytest.mark.parametrize("ending", TYPES)
def test_kinds_that_are_taken(upload: Upload, ending: str) -> None:
    media_type, begins = TYPES[ending]
    assert upload(f"Übersicht.{ending.upper()}", begins + b"...").json()["media_type"] == media_type


def test_too_large(upload: Upload) -> None:
    assert upload("big.txt", b"x" * MAX_FILE).status_code == 201
    assert upload("big.txt", b"x" * (MAX_FILE + 1)).status_code == 413
    assert upload("big.txt", b"x" * (MAX_FILE + 100_000)).status_code == 413


def test_bodies_that_are_no_file(api: Api, upload: Upload) -> None:
    assert upload(field="document").status_code == 400
    for media_type, body in (
        ("multipart/form-data", b"x"),
        (MULTIPART_CONTENT, b"--nonsense"),
        (MULTIPART_CONTENT, b""),
        ("application/json", b'{"file": "x"}'),
        ("application/json", b"[]"),
    ):
        answer = api.client.generic("POST", "/api/v1/files", body, media_type, headers=api.headers)
        assert answer.status_code == 400, (media_type, body, answer.content)
    plain = api.client.generic("POST", "/api/v1/files", PDF, "application/pdf", headers=api.headers)
    assert plain.status_code == 415
    assert not UploadedFile.objects.exists()


def test_sent_again_with_its_key(upload: Upload) -> None:
    first, second = upload(Idempotency_Key="k"), upload(Idempotency_Key="k")
    assert (first.content, second["Idempotent-Replayed"]) == (second.content, "true")
    assert upload(content=PDF + b"2", Idempotency_Key="k").status_code == 422
    assert UploadedFile.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a.pdf", "a.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\x.csv", "x.csv"),
        ("a\r\nX-Evil: 1.pdf", "aX-Evil: 1.pdf"),
        ("  .hidden ", "hidden"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_names(name: str, clean: str) -> None:
    assert clean_name(name) == clean


# On documents --------------------------------------------------------------------------------------------------------
@pytest.fixture
def documents(api: Api, customer: str) -> dict[str, str]:
    """One of each kind."""
    body = {"customer_id": customer, "items": [{"description": "Work", "quantity": 1, "unit_price": 100}]}
    return {path: api.post(path, body).json()["id"] for path in ("/invoices", "/quotations", "/credit-notes")}


@pytest.mark.parametrize("kind", ["/invoices", "/quotations", "/credit-notes"])
def test_attach_list_detach(api: Api, alice: Business, documents: dict[str, str], upload: Upload, kind: str) -> None:
    file = upload().json()
    path = f"{kind}/{documents[kind]}/attachments"
    made = api.post(path, {"file_id": file["id"]})
    assert (made.status_code, made.json()["file"]) == (201, file), made.content
    assert api.get(path).json()["data"] == [made.json()]
    again = api.post(path, {"file_id": file["id"]})
    assert (again.status_code, again.json()["code"]) == (409, "attached")
    kept = api.delete(f"/files/{file['id']}")
    assert (kept.status_code, kept.json()["code"]) == (409, "attached")
    assert list(find_damage(alice)) == []
    assert api.delete(f"{path}/{made.json()['id']}").status_code == 204
    assert api.get(path).json()["data"] == []
    assert api.delete(f"/files/{file['id']}").status_code == 204


def test_what_cannot_be_attached(api: Api, bob_api: Api, documents: dict[str, str], upload: Upload) -> None:
    path = f"/invoices/{documents['/invoices']}/attachments"
    foreign = bob_api.post("/files", ELSEWHERE).json()["id"]
    answers = [api.post(path, {"file_id": file}) for file in (foreign, "0199b2f0-0000-7000-8000-000000000000")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content
    api.delete(f"/invoices/{documents['/invoices']}")
    assert api.post(path, {"file_id": upload().json()["id"]}).status_code == 404


def test_there_is_no_room_for_more(api: Api, documents: dict[str, str], upload: Upload) -> None:
    path = f"/invoices/{documents['/invoices']}/attachments"
    for index in range(2):
        large = upload(f"{index}.txt", bytes([65 + index]) * MAX_FILE).json()["id"]
        assert api.post(path, {"file_id": large}).status_code == 201
    full = api.post(path, {"file_id": upload().json()["id"]})
    assert (full.status_code, full.json()["details"][0]["field"]) == (400, "attachments")
    for _ in range(rules.MAX_FILES - 2):
        assert api.post(path, {"file_id": api.post("/files", ELSEWHERE).json()["id"]}).status_code == 201
    assert api.post(path, {"file_id": api.post("/files", ELSEWHERE).json()["id"]}).status_code == 400


# In mails ------------------------------------------------------------------------------------------------------------
def test_mails_carry_what_is_here(api: Api, documents: dict[str, str], upload: Upload) -> None:
    invoice = documents["/invoices"]
    for file in (upload("b.pdf"), upload("a.csv", b"x,y"), api.post("/files", ELSEWHERE)):
        api.post(f"/invoices/{invoice}/attachments", {"file_id": file.json()["id"]})
    assert api.post(f"/invoices/{invoice}/send", {}).status_code == 202
    message = Message.objects.get()
    prepare_message(message.pk)
    number = api.get(f"/invoices/{invoice}").json()["invoice_number"]
    assert [row.name for row in message.attachments.all()] == [f"{number}.pdf", "b.pdf", "a.csv"]
    assert bytes(message.attachments.last().file.content) == b"x,y"


def test_exactly_these_files(api: Api, alice: Business, documents: dict[str, str]) -> None:
    from billing.models import Invoice
    from billing.services.attachments import attach_files
    from businesses.audit import SYSTEM
    from invoicing.lib.errors import Invalid

    files = [UploadedFile.objects.get(uuid=api.post("/files", ELSEWHERE).json()["id"]).pk for _ in range(3)]
    invoice = Invoice.objects.get()

    def now() -> list[int]:
        return list(invoice.attachments.order_by("position").values_list("file_id", flat=True))

    attach_files(invoice, files[:2], actor=SYSTEM)
    assert now() == files[:2]
    attach_files(invoice, files[::-1], actor=SYSTEM)
    assert now() == files[::-1]
    attach_files(invoice, [files[1], files[1]], actor=SYSTEM)
    assert now() == [files[1]]
    with pytest.raises(Invalid, match=r"attachments\.1: No such file"):
        attach_files(invoice, [files[0], 999_999], actor=SYSTEM)
    assert now() == [files[1]]
    attach_files(invoice, [], actor=SYSTEM)
    assert now() == []

"""Files on a document's page in the admin: uploaded, downloaded, taken off, within the role and the business."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from billing.models import Attachment, UploadedFile
from billing.tests.admin_cast import an_invoice, browser, page, told

PDF = b"%PDF-1.7 a small one"


def a_file(name: str = "terms.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def attach(client: Any, row: Any, file: SimpleUploadedFile) -> Any:
    return client.post(page(row, "attachments"), {"_upload": "yes", "file": file})


def test_upload_look_and_take_off(alice: Any) -> None:
    row, client = an_invoice(alice, "sent"), browser(alice)
    assert b"Attach a file" in client.get(f"/admin/billing/invoice/{row.pk}/change/").content
    assert attach(client, row, a_file()).status_code == 302
    attachment = Attachment.objects.get()
    assert told(row)[-1] == ("invoice.attached", "owner@alice.test")
    assert b"terms.pdf" in client.get(f"/admin/billing/invoice/{row.pk}/change/").content
    file = client.get(page(row, "attachments"), {"file": attachment.pk})
    assert (file.content, file["Content-Disposition"]) == (PDF, 'attachment; filename="terms.pdf"')
    assert b"terms.pdf" in client.get(page(row, "attachments")).content
    assert client.post(page(row, "attachments"), {"_detach": attachment.pk}).status_code == 302
    assert (Attachment.objects.count(), UploadedFile.objects.count()) == (0, 1)
    assert told(row)[-1] == ("invoice.detached", "owner@alice.test")


def test_a_draft_has_files_too(alice: Any) -> None:
    row, client = an_invoice(alice), browser(alice)
    assert page(row, "attachments").encode() in client.get(f"/admin/billing/invoice/{row.pk}/change/").content
    assert attach(client, row, a_file()).status_code == 302


def test_what_is_refused_is_said(alice: Any) -> None:
    row, client = an_invoice(alice, "sent"), browser(alice)
    refused = attach(client, row, a_file("page.html", b"<script>"))
    assert refused.status_code == 400
    assert b"name ends in one of" in refused.content
    nothing = client.post(page(row, "attachments"), {"_upload": "yes"})
    assert nothing.status_code == 400
    assert not UploadedFile.objects.exists()


def test_a_viewer_only_looks(alice: Any) -> None:
    row, client = an_invoice(alice, "sent"), browser(alice, "viewer")
    shown = client.get(page(row, "attachments"))
    assert shown.status_code == 200
    assert b"_upload" not in shown.content
    assert attach(client, row, a_file()).status_code == 403


def test_nothing_of_anothers(alice: Any, bob: Any) -> None:
    row, other = an_invoice(alice, "sent"), an_invoice(bob, "sent")
    owner, stranger = browser(alice), browser(bob)
    attach(owner, row, a_file())
    attachment = Attachment.objects.get()
    assert stranger.get(page(row, "attachments")).status_code in {302, 404}
    assert stranger.get(page(other, "attachments"), {"file": attachment.pk}).status_code == 404
    assert stranger.post(page(other, "attachments"), {"_detach": attachment.pk}).status_code == 404
    assert stranger.get(page(other, "attachments"), {"file": "x"}).status_code == 404
    assert Attachment.objects.count() == 1

"""Hang files on documents, and take them off: they are no part of what was issued, but go with its mails."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from billing.models import Attachment, CreditNote, Invoice, Quotation, UploadedFile
from billing.services.files import upload_file
from businesses import audit
from businesses.audit import Actor
from businesses.models import OwnedQuerySet
from invoicing.lib.errors import Conflict, Invalid

MAX_FILES = 20  # of a document
MAX_BYTES = 20 * 1024 * 1024  # of a document's files together: mail servers take little more
Attachable = Invoice | Quotation | CreditNote


@transaction.atomic
def attach_files(document: Attachable, file_pks: Sequence[int], *, actor: Actor) -> None:
    """Let exactly these files, in this order, hang on a document.

    Invalid names what is wrong with one: unknown, foreign and removed are the same.
    """
    document = _locked(document)
    files = _lock_files(document, file_pks)
    now = {row.file_id: row for row in _own(document).select_related("file")}
    wanted = list(dict.fromkeys(file_pks))
    _check_room([files[pk] for pk in wanted])
    for row in now.values():
        if row.file_id not in files:
            _remove(document, row, actor)
    for position, pk in enumerate(wanted):
        if pk not in now:
            _add(document, files[pk], position, actor)
        elif now[pk].position != position:
            now[pk].position = position
            now[pk].save(update_fields=["position"])


@transaction.atomic
def attach_file(document: Attachable, file: UploadedFile, *, actor: Actor) -> Attachment:
    """Hang one more file on a document; Conflict for one that hangs there already, Invalid where there is no room."""
    document = _locked(document)
    file = _lock_files(document, [file.pk])[file.pk]
    there = list(_own(document).select_related("file").order_by("position", "pk"))
    if any(row.file_id == file.pk for row in there):
        raise Conflict(f"{file.name} is attached already.", code="attached")
    _check_room([*(row.file for row in there), file])
    return _add(document, file, there[-1].position + 1 if there else 0, actor)


@transaction.atomic
def attach_upload(document: Attachable, *, name: str, content: bytes, actor: Actor) -> Attachment:
    """Keep a file and hang it on a document; raises what `upload_file` and `attach_file` do."""
    file = upload_file(document.business, name=name, content=content, actor=actor)
    return attach_file(document, file, actor=actor)


@transaction.atomic
def detach_file(document: Attachable, attachment: Attachment, *, actor: Actor) -> None:
    """Take a file off a document; the file stays."""
    _remove(_locked(document), attachment, actor)


def _locked(document: Attachable) -> Attachable:
    """The row, locked; NotFound for a deleted one."""
    found: Attachable = type(document)._default_manager.lock(document.pk)  # type: ignore[attr-defined]
    return found


def _own(document: Attachable) -> OwnedQuerySet[Attachment]:
    return Attachment.objects.of(document.business).filter(**{document.noun: document})


def _lock_files(document: Attachable, pks: Sequence[int]) -> dict[int, UploadedFile]:
    """The business's files with these keys; locked, so that none is removed meanwhile."""
    rows = UploadedFile.objects.of(document.business).filter(pk__in=pks).order_by("pk")
    found = {row.pk: row for row in rows.select_for_update(of=("self",))}
    missing = next((index for index, pk in enumerate(pks) if pk not in found), None)
    if missing is not None:
        raise Invalid.field(f"attachments.{missing}", "No such file.")
    return found


def _check_room(files: Sequence[UploadedFile]) -> None:
    if len(files) > MAX_FILES:
        raise Invalid.field("attachments", f"At most {MAX_FILES} files on a document.")
    if sum(file.size or 0 for file in files if file.stored_id) > MAX_BYTES:
        raise Invalid.field(
            "attachments", f"At most {MAX_BYTES // 1024**2} MiB on a document, for all of it is mailed."
        )


def _add(document: Attachable, file: UploadedFile, position: int, actor: Actor) -> Attachment:
    own = {document.noun: document}
    row = Attachment.objects.create(business=document.business, file=file, position=position, **own)
    audit.record(document.business, actor, f"{document.noun}.attached", document, {"to": [file.name]})
    return row


def _remove(document: Attachable, row: Attachment, actor: Actor) -> None:
    audit.record(document.business, actor, f"{document.noun}.detached", document, {"to": [row.file.name]})
    row.delete()

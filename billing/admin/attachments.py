"""The files that hang on a document: listed, uploaded, downloaded, taken off."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from unfold.widgets import UnfoldAdminFileFieldWidget

from billing.admin import pages
from billing.admin.forms import Form
from billing.admin.row_pages import RowPages
from billing.models import Attachment
from billing.services.attachments import attach_upload, detach_file
from billing.services.files import TYPES
from businesses.membership import AdminRequest
from invoicing.lib.errors import DomainError
from invoicing.lib.uploads import MAX_FILE, download

_MAX_MIB = MAX_FILE // 1024**2


def _fits(file: Any) -> None:
    if file.size > MAX_FILE:
        raise ValidationError(f"At most {_MAX_MIB} MiB.")


class FileForm(Form):
    """A file to hang on a document."""

    names = {"attachments": "file"}

    file = forms.FileField(
        validators=[_fits],
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(f".{ending}" for ending in TYPES)}),
        help_text=f"PDF, pictures, text, tables and office documents, at most {_MAX_MIB} MiB.",
    )


def attachments_of(row: Any) -> list[dict[str, Any]]:
    """The files of a document, in order."""
    rows = Attachment.objects.of(row.business).filter(**{row.noun: row}).select_related("file")
    return [
        {
            "pk": one.pk,
            "name": one.file.name,
            "size": filesizeformat(one.file.size) if one.file.size is not None else "",
            "url": one.file.url,
            "at": one.created_at,
        }
        for one in rows.order_by("position", "pk")
    ]


def attachments_view(admin: RowPages, request: AdminRequest, row: Any) -> HttpResponseBase:
    """The list with what may be done about it; `?file=` downloads one."""
    if "file" in request.GET:
        return _download(row, request.GET["file"])
    may = admin.allows(request, "edit_drafts", row)
    form = FileForm(request.POST, request.FILES) if "_upload" in request.POST else FileForm()
    if request.method == "POST":
        admin.insist(request, "edit_drafts", row)
        done = _remove(admin, request, row) if "_detach" in request.POST else _upload(admin, request, row, form)
        if done is not None:
            return done
    back = admin.url_of(row.pk)
    context = {"form": form, "attachments": attachments_of(row), "may_attach": may, "back": back, "media": admin.media}
    status = 400 if form.is_bound else 200
    return pages.show(admin, request, "attachments", f"Files with {row}", status=status, original=row, **context)


def _upload(admin: RowPages, request: AdminRequest, row: Any, form: FileForm) -> HttpResponseBase | None:
    if not form.is_valid():
        return None
    file = form.cleaned_data["file"]
    try:
        attach_upload(row, name=file.name, content=file.read(), actor=admin.actor(request))
    except DomainError as refusal:
        form.refuse(refusal)
        return None
    admin.message_user(request, f"{file.name} goes with the mails of {row}.", messages.SUCCESS)
    return HttpResponseRedirect(request.path)


def _remove(admin: RowPages, request: AdminRequest, row: Any) -> HttpResponseBase:
    attachment = _find(row, request.POST["_detach"])
    detach_file(row, attachment, actor=admin.actor(request))
    admin.message_user(request, f"{attachment} is taken off {row}.", messages.SUCCESS)
    return HttpResponseRedirect(request.path)


def _download(row: Any, pk: str) -> HttpResponse:
    file = _find(row, pk).file
    if file.stored is None:
        raise Http404
    return download(bytes(file.stored.content), name=file.name, media_type=file.media_type)


def _find(row: Any, pk: str) -> Attachment:
    own = Attachment.objects.of(row.business).filter(**{row.noun: row}).select_related("file__stored")
    found = own.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None
    if found is None:
        raise Http404
    return found

"""What the admins of invoices, quotations and credit notes share: the page of a document, and the pages with one form about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from billing.admin import amounts, pages
from billing.admin.attachments import attachments_view
from billing.admin.document_editor import DocumentEditor
from billing.admin.forms import Form, LetterForm, ReasonForm
from billing.admin.letters import letter_to
from billing.admin.sheet import sheet_of
from billing.documents import document_pdf
from billing.services.envelopes import Envelope
from businesses.membership import AdminRequest
from invoicing.lib.errors import NotFound


class DocumentAdmin(DocumentEditor):
    """Documents of a kind."""

    texts_form: ClassVar[type[Form]]

    # Services of the noun ------------------------------------------------------------------------------------------------
    def mail(self, row: Any, envelope: Envelope, request: AdminRequest) -> object:
        """Queue the letter; a draft is issued first."""
        raise NotImplementedError

    def discard(self, row: Any, reason: str, request: AdminRequest) -> None:
        """Delete a draft."""
        raise NotImplementedError

    def change_texts(self, row: Any, changes: dict[str, Any], request: AdminRequest) -> None:
        """Change what may change after issue."""
        raise NotImplementedError

    def move(self, row: Any, status: str, request: AdminRequest) -> object:
        """Ask for another status."""
        raise NotImplementedError

    # Addresses -----------------------------------------------------------------------------------------------------------
    def list_views(self) -> dict[str, Callable[..., Any]]:
        return {**super().list_views(), "preview": self.preview_view, "products": self.products_view}

    def row_views(self) -> dict[str, Callable[..., Any]]:
        return {
            **super().row_views(),
            "issue": self.issue_view,
            "send": self.send_view,
            "texts": self.texts_view,
            "discard": self.discard_view,
            "pdf": self.pdf_view,
            "attachments": self.attachments_view,
        }

    def links(self, row: Any) -> dict[str, Any]:
        found = super().links(row)
        if row is not None:
            found["links"] |= {name.replace("-", "_"): self.url_to(name, row) for name in self.row_views()}
        return found

    # The page --------------------------------------------------------------------------------------------------------------
    def add_view(self, request: AdminRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        self.insist(request, "edit_drafts")
        return self.edit(request, None)

    def change_view(
        self, request: AdminRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        row = self.find(request, object_id)
        if row.status == "draft" and self.allows(request, "edit_drafts", row):
            return self.edit(request, row)
        if request.method == "POST":
            self.message_user(request, f"{row} is {row.status} and cannot be edited.", messages.ERROR)
            return HttpResponseRedirect(self.url_of(row.pk))
        return self.show_sheet(request, row)

    def delete_view(self, request: AdminRequest, object_id: str, extra_context: Any = None) -> HttpResponseBase:
        return self.discard_view(request, object_id)

    def show_sheet(self, request: AdminRequest, row: Any) -> HttpResponseBase:
        """The read-only page."""
        context = {"original": row, "media": self.media, **sheet_of(row, request), **self.links(row)}
        return pages.show(self, request, "sheet", row.number, **context)

    def pdf_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """The PDF; a revision's by `revision=n`."""
        row = self.find(request, object_id)
        wanted = request.GET.get("revision", "")
        try:
            content = document_pdf(row, int(wanted) if wanted.isdigit() else None)
        except NotFound as error:
            return HttpResponse(error.message, status=404)
        return pages.pdf(content, row.number, disposition="inline" if "show" in request.GET else "attachment")

    def attachments_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """The files that go with its mails."""
        return attachments_view(self, request, self.find(request, object_id))

    # Pages with one form ---------------------------------------------------------------------------------------------------
    def issue_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then issue."""
        row = self.find(request, object_id)
        self.insist(request, "issue", row)
        form = self.form_of(request, Form)
        done = self.submit(request, row, form, lambda _: self.move(row, "sent", request), done=f"{row} is issued.")
        text = "Its lines, customer and date are frozen from then on, and it counts in what the customer owes."
        return done or pages.ask(
            self, request, f"Issue {row}?", form, submit="Issue", text=text, original=row, **self.about(row)
        )

    def send_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Write the letter that carries the PDF; a draft is issued first."""
        row = self.find(request, object_id)
        self.insist(request, "send", row)
        form = self.form_of(request, LetterForm, initial=letter_to(row.customer, row.noun, row.number))
        done = self.submit(
            request, row, form, lambda typed: self.mail(row, typed.envelope(), request), done=f"{row} is on its way."
        )
        draft = row.status == "draft"
        return done or pages.ask(
            self,
            request,
            f"{'Issue and send' if draft else 'Send'} {row}",
            form,
            submit="Issue and send" if draft else "Send",
            text="The PDF is attached. It is issued first: from then on its lines cannot change." if draft else "",
            original=row,
            **self.about(row),
        )

    def texts_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Change the notes, terms and date of an issued document."""
        row = self.find(request, object_id)
        self.insist(request, "issue", row)
        names = self.texts_form.base_fields
        form = self.form_of(request, self.texts_form, initial={name: getattr(row, name) for name in names})

        def call(typed: Any) -> None:
            self.change_texts(row, {name: value or None for name, value in typed.cleaned_data.items()}, request)

        done = self.submit(request, row, form, call, done=f"{row} is changed.")
        text = "A new revision of the PDF is made; the former ones stay."
        return done or pages.ask(
            self, request, f"Edit {row}", form, submit="Save", text=text, original=row, **self.about(row)
        )

    def discard_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """Ask, then delete a draft."""
        row = self.find(request, object_id)
        self.insist(request, "edit_drafts", row)
        form = self.form_of(request, ReasonForm)
        done = self.submit(
            request,
            row,
            form,
            lambda typed: self.discard(row, typed.cleaned_data["reason"], request),
            done=f"{row} is deleted.",
        )
        if done is not None:
            return HttpResponseRedirect(self.url_of_list())
        text = "It disappears from everywhere but the list of numbers."
        context = {"original": row, "tone": "danger solid", **self.about(row)}
        return pages.ask(self, request, f"Delete draft {row}?", form, submit="Delete", text=text, **context)

    def about(self, row: Any) -> dict[str, Any]:
        """What stands beside a form: which document this is about."""
        facts = [
            ("Customer", row.customer.name),
            ("Total", amounts.money(row.total_minor, row.currency, row.business)),
            ("Issue date", amounts.day(row.issue_date, row.business)),
            ("Due date", amounts.day(getattr(row, "due_date", None), row.business)),
        ]
        if getattr(row, "paid_minor", 0):
            facts.append(("Amount due", amounts.money(row.due_minor, row.currency, row.business)))
        return {"facts": [fact for fact in facts if fact[1]], "back": self.url_of(row.pk), "media": self.media}

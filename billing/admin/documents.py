"""What the admins of invoices and quotations share: the list, the editor of drafts, the page of what is issued, letters, PDFs."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from unfold.decorators import action, display

from billing.admin import amounts, pages
from billing.admin.drafts import Editor, preview
from billing.admin.filters import StateFilter
from billing.admin.forms import Form, LetterForm, ReasonForm
from billing.admin.letters import letter_to
from billing.admin.sheet import sheet_of
from billing.documents import document_pdf
from billing.models import Document, Product
from billing.services.sending import Envelope
from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest
from customers.models import Customer
from invoicing.lib.errors import DomainError, NotFound
from invoicing.lib.text import fold

MOST = 500  # documents in one bulk action


class DocumentAdmin(BusinessAdmin):
    """Invoices or quotations."""

    add_action = "edit_drafts"
    change_action = "edit_drafts"
    delete_action = "edit_drafts"
    global_search = True
    texts_form: ClassVar[type[Form]]
    state_filter: ClassVar[type[StateFilter]]

    search_fields = ("number",)
    search_help_text = "Number, reference, purchase order or customer"
    list_select_related = ("customer", "business")
    list_filter_submit = True
    list_before_template = "admin/billing/tabs.html"
    list_display_links = ("number",)
    show_facets = ShowFacets.NEVER  # each would be a count of everything

    class Media:
        css = {"all": ("billing/admin.css",)}

    # Services of the noun ------------------------------------------------------------------------------------------------
    def store(self, request: AdminRequest, editor: Editor, *, issue: bool) -> Any:
        """Create or change the draft that the editor describes, and issue it where asked."""
        raise NotImplementedError

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

    # The list ------------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: AdminRequest) -> Any:
        return super().get_queryset(request).live()

    def get_search_results(self, request: AdminRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By our own folded columns; customers are found first, for a join is slow."""
        needle = fold(search_term.strip())
        if not needle:
            return queryset, False
        customers = Customer.objects.of(request.business).filter(name_folded__contains=needle).values("pk")
        return queryset.filter(Q(search_text__contains=needle) | Q(customer__in=customers)), False

    def changelist_view(self, request: AdminRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"tabs": self.state_filter.links(request), **(extra_context or {})})

    @display(description="Customer", ordering="customer__name_folded")
    def customer_name(self, obj: Document) -> str:
        return obj.customer.name

    @display(description="Status", ordering="status", label=amounts.BADGES)
    def badge(self, obj: Document) -> tuple[str, str]:
        return obj.status, obj.get_status_display()  # type: ignore[attr-defined]

    @display(description="Total", ordering="total_minor")
    def total(self, obj: Document) -> str:
        return amounts.money(obj.total_minor, obj.currency, obj.business)

    @display(description="Issued", ordering="issue_date")
    def issued_on(self, obj: Document) -> str:
        return amounts.day(obj.issue_date, obj.business)

    # Addresses -----------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        return [*self._own_urls(), *super().get_urls()]

    def _own_urls(self) -> list[URLPattern]:
        flat: dict[str, Callable[..., Any]] = {"preview": self.preview_view, "products": self.products_view}
        return [
            *(
                path(f"{name}/", self.admin_site.admin_view(view), name=self.url_name(name))
                for name, view in flat.items()
            ),
            *(
                path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=self.url_name(name))
                for name, view in self.row_views().items()
            ),
        ]

    def row_views(self) -> dict[str, Callable[..., Any]]:
        """The pages of one document, by the last part of their address."""
        return {
            "issue": self.issue_view,
            "send": self.send_view,
            "texts": self.texts_view,
            "discard": self.discard_view,
            "pdf": self.pdf_view,
        }

    def url_name(self, name: str) -> str:
        """The name of one of our own addresses."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def url_to(self, name: str, row: Any = None) -> str:
        """The address of one of our own pages."""
        return reverse(f"{self.admin_site.name}:{self.url_name(name)}", args=[row.pk] if row is not None else [])

    # The editor and the page -----------------------------------------------------------------------------------------------
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

    def find(self, request: AdminRequest, object_id: Any) -> Any:
        """The document with this id, or with this UUID, by which events know it."""
        return super().find(request, amounts.known_pk(self.get_queryset(request), object_id))

    def insist(self, request: AdminRequest, wanted: str, row: Any = None) -> None:
        """403 unless the role may."""
        if not self.allows(request, wanted, row):
            raise PermissionDenied

    def edit(self, request: AdminRequest, row: Any) -> HttpResponseBase:
        """Show the editor, or store what was typed."""
        data = request.POST if request.method == "POST" else None
        editor = Editor(request.business, self.model, row, data, _initial(request))
        if data is not None and editor.is_valid():
            issue = "_issue" in data
            if issue:
                self.insist(request, "issue")
            try:
                return self._stored(request, self.store(request, editor, issue=issue), data)
            except DomainError as refusal:
                editor.refuse(refusal)
        title = f"{row.number}" if row else f"New {self.opts.verbose_name}"
        buttons = {name: self.allows(request, name) for name in ("issue", "send")}
        media = self.media + editor.head.media
        context = {"editor": editor, "original": row, "may": buttons, "media": media, **self._links(row)}
        return pages.show(self, request, "editor", title, status=400 if data is not None else 200, **context)

    def _stored(self, request: AdminRequest, row: Any, data: Any) -> HttpResponseBase:
        done = "issued" if "_issue" in data else "saved"
        self.message_user(request, f"{row.number} is {done}.", messages.SUCCESS)
        if "_send" in data:
            return HttpResponseRedirect(self.url_to("send", row))
        return HttpResponseRedirect(self.url_of(row.pk))

    def _links(self, row: Any) -> dict[str, Any]:
        links = {name: self.url_to(name) for name in ("preview", "products")}
        if row is not None:
            links |= {name: self.url_to(name, row) for name in self.row_views()}
            links["preview"] = f"{links['preview']}?row={row.pk}"
        return {"links": links, "list_url": self.url_of_list()}

    def show_sheet(self, request: AdminRequest, row: Any) -> HttpResponseBase:
        """The read-only page."""
        context = {"original": row, "media": self.media, **sheet_of(row, request), **self._links(row)}
        return pages.show(self, request, "sheet", row.number, **context)

    # What the editor asks while a person types -----------------------------------------------------------------------------
    def preview_view(self, request: AdminRequest) -> HttpResponseBase:
        """The totals of what stands in the form, from the one calculator."""
        self.insist(request, "edit_drafts")
        row = self.find(request, request.GET["row"]) if "row" in request.GET else None
        return JsonResponse(preview(Editor(request.business, self.model, row, request.POST)))

    def products_view(self, request: AdminRequest) -> HttpResponseBase:
        """Up to eight products whose name, code or description holds `q`."""
        self.insist(request, "edit_drafts")
        rows = Product.objects.of(request.business).live().filter(active=True)
        if needle := fold(request.GET.get("q", "").strip()):
            rows = rows.filter(search_text__contains=needle)
        return JsonResponse({"products": [_product(row, request) for row in rows.order_by("name_folded", "pk")[:8]]})

    # Pages with one form ---------------------------------------------------------------------------------------------------
    def submit(
        self, request: AdminRequest, row: Any, form: Any, call: Callable[[Any], object], *, done: str
    ) -> HttpResponseBase | None:
        """Call a service with a valid form and go back to the row; None where the form is to be shown (again)."""
        if request.method != "POST" or not form.is_valid():
            return None
        try:
            call(form)
        except DomainError as refusal:
            form.refuse(refusal)
            return None
        self.message_user(request, done, messages.SUCCESS)
        return HttpResponseRedirect(self.url_of(row.pk))

    def form_of(self, request: AdminRequest, form: type[Form], **kwargs: Any) -> Form:
        """The form, with what was sent where something was."""
        return form(request.POST if request.method == "POST" else None, **kwargs)

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
        self.insist(request, "edit_drafts", row)
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

    # Files -----------------------------------------------------------------------------------------------------------------
    def pdf_view(self, request: AdminRequest, object_id: str) -> HttpResponseBase:
        """The PDF; a revision's by `revision=n`."""
        row = self.find(request, object_id)
        wanted = request.GET.get("revision", "")
        try:
            content = document_pdf(row, int(wanted) if wanted.isdigit() else None)
        except NotFound as error:
            return HttpResponse(error.message, status=404)
        return pages.pdf(content, row.number, disposition="inline" if "show" in request.GET else "attachment")

    @action(description="Download PDFs as ZIP", icon="folder_zip")
    def download(self, request: AdminRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        """One file per document."""
        rows = self.few(request, queryset)
        return _zip(rows, f"{self.opts.model_name}s") if rows else None

    def few(self, request: AdminRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The chosen rows, oldest first; none, and a message, where they are too many."""
        rows = list(queryset.select_related("customer", "business").order_by("pk")[: MOST + 1])
        if len(rows) > MOST:
            self.message_user(request, f"At most {MOST} at a time.", messages.ERROR)
            return []
        return rows


def _initial(request: AdminRequest) -> dict[str, Any]:
    """`?customer=7` from a customer's page."""
    customer = request.GET.get("customer", "")
    return {"customer": int(customer)} if customer.isdigit() and request.method == "GET" else {}


def _product(row: Product, request: AdminRequest) -> dict[str, str]:
    return {
        "uuid": str(row.uuid),
        "name": row.name,
        "description": row.description or row.name,
        "unit": row.unit or "",
        "unit_price": amounts.plain(row.unit_price),
        "tax_rate": amounts.plain(row.tax_rate),
        "product_code": row.product_code or "",
        "shown": f"{amounts.plain(row.unit_price)} {request.business.currency}",
    }


def _zip(rows: Iterable[Any], name: str) -> FileResponse:
    """The PDFs one after the other into a file on disk, then streamed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        for row in rows:
            bundle.writestr(f"{pages.safe_name(row.number)}.pdf", document_pdf(row))
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.zip", content_type="application/zip")

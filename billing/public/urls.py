"""Paths under /s/, each with a token: a statement as it left with its logo, PDF and table; accounts; documents."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import re_path

from billing.api.files import csv_answer
from billing.documents import PDF, keep_statement
from billing.models import KeptStatement
from billing.public.account_statement import download_account
from billing.public.answers import page, public
from billing.public.document_file import download_document
from billing.public.invoice_link import open_invoice
from billing.public.receipt_file import download_receipt
from billing.public.statement_page import statement_page
from billing.public.uploaded_file import download_file
from billing.selectors.documents import logo_bytes
from billing.serializers.statement_tables import tabulate_statement
from billing.services.statements import PUBLIC_KIND
from businesses.links import find_link, note_opening
from businesses.models import PublicLink
from einvoicing.document import Statement, from_json
from invoicing.lib.errors import NotFound


@public
def show_statement(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a statement."""
    link, _, statement = _open(token)
    note_opening(link)
    return page("statement", statement.brand.accent_color, {**statement_page(statement, link), "token": token})


@public
def show_logo(request: HttpRequest, token: str) -> HttpResponse:
    """The business's logo as it was then."""
    link, _, statement = _open(token)
    content = logo_bytes(link.business, statement.brand.logo_sha256)
    if content is None:
        raise NotFound("Logo not found")
    return HttpResponse(content, content_type="image/png")


@public
def download_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The bytes that were mailed."""
    link, kept, statement = _open(token)
    note_opening(link)
    headers = {"Content-Disposition": f'attachment; filename="Statement-{statement.end}.pdf"'}
    return HttpResponse(bytes(keep_statement(kept).content), content_type=PDF, headers=headers)


@public
def download_csv(request: HttpRequest, token: str) -> HttpResponse:
    """The statement's lines for a spreadsheet."""
    link, _, statement = _open(token)
    note_opening(link)
    return csv_answer(*tabulate_statement(statement), f"Statement-{statement.end}")


@public
def show_nothing(request: HttpRequest) -> HttpResponse:
    """Every other path under /s/: as much work, and the same page, as for a token that is not there."""
    find_link(request.path, kind=PUBLIC_KIND)
    raise NotFound("Link not found")


def _open(token: str) -> tuple[PublicLink, KeptStatement, Statement]:
    """The live link, and what it shows: the statement as it was frozen; NotFound for any other token."""
    link = find_link(token, kind=PUBLIC_KIND)
    rows = KeptStatement.objects.of(link.business).select_related("business").filter(uuid=link.subject_id)
    kept = rows.first()
    if kept is None:
        raise NotFound("Link not found")
    return link, kept, from_json(Statement, kept.view.encode())


_START = "^(?P<token>[^/]+)"
urlpatterns = [
    re_path(r"^account/(?P<token>[^/]+)/statement\.pdf$", download_account, name="public-account"),
    *(
        re_path(
            rf"^{noun.replace('_', '-')}/(?P<token>[^/]+)/document\.pdf$",
            download_document,
            {"noun": noun},
            name=f"public-{noun}",
        )
        for noun in ("invoice", "quotation", "credit_note")
    ),
    re_path(r"^file/(?P<token>[^/]+)/content$", download_file, name="public-file"),
    re_path(r"^receipt/(?P<token>[^/]+)/receipt\.pdf$", download_receipt, name="public-receipt"),
    re_path(r"^i/(?P<token>[^/]+)/?$", open_invoice, name="public-invoice-link"),
    re_path(rf"{_START}/?$", show_statement, name="public-statement"),
    re_path(rf"{_START}/logo$", show_logo, name="public-statement-logo"),
    re_path(rf"{_START}/statement\.pdf$", download_pdf, name="public-statement-pdf"),
    re_path(rf"{_START}/statement\.csv$", download_csv, name="public-statement-csv"),
    re_path("", show_nothing),
]

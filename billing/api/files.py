"""Answers that are files: PDF and CSV."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

from billing.documents import PDF
from billing.rendering import render_statement
from billing.selectors.documents import logo_bytes
from businesses.models import Business
from einvoicing.document import Statement
from invoicing.lib.csv import MEDIA_TYPE as CSV
from invoicing.lib.csv import encode_csv


def pdf_answer(content: bytes, name: str, if_none_match: str = "") -> HttpResponse:
    """A PDF to show or keep under a safe file name; 304 where the caller has these bytes."""
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    if etag in if_none_match:
        return HttpResponse(status=304, headers={"ETag": etag})
    headers = {"ETag": etag, "Content-Disposition": f'inline; filename="{_safe(name)}.pdf"'}
    return HttpResponse(content, content_type=PDF, headers=headers)


def csv_answer(header: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> HttpResponse:
    """A table to keep under a safe file name."""
    headers = {"Content-Disposition": f'attachment; filename="{_safe(name)}.csv"'}
    return HttpResponse(encode_csv(header, rows), content_type=f"{CSV}; charset=utf-8", headers=headers)


def _safe(name: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "-" for char in name)


def statement_answer(statement: Statement, business: Business, if_none_match: str) -> HttpResponse:
    """A statement that is not kept, as PDF."""
    content = render_statement(statement, logo=logo_bytes(business, statement.brand.logo_sha256))
    return pdf_answer(content, f"Statement-{statement.end}", if_none_match)

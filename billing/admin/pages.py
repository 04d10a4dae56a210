"""Pages of our own inside unfold's frame, and files to download."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse

from businesses.admin.base import BusinessAdmin
from businesses.membership import AdminRequest


def show(
    admin: BusinessAdmin, request: AdminRequest, template: str, title: str, *, status: int = 200, **context: Any
) -> TemplateResponse:
    """A page of this admin; `original`, where given, leads the way back."""
    request.current_app = admin.admin_site.name  # type: ignore[attr-defined]
    frame = admin.admin_site.each_context(request)
    known = {"opts": admin.opts, "title": title, "model_admin": admin, "role": request.role}
    return TemplateResponse(request, f"admin/billing/{template}.html", {**frame, **known, **context}, status=status)


def ask(
    admin: BusinessAdmin,
    request: AdminRequest,
    title: str,
    form: Any,
    *,
    submit: str,
    text: str = "",
    tone: str = "primary",
    **context: Any,
) -> TemplateResponse:
    """A page with one form and one button."""
    status = 400 if form.is_bound else 200
    known = {"form": form, "submit": submit, "text": text, "tone": tone}
    return show(admin, request, "ask", title, status=status, **known, **context)


def pdf(content: bytes, name: str, *, disposition: str = "attachment") -> HttpResponse:
    """A PDF under a safe file name."""
    headers = {"Content-Disposition": f'{disposition}; filename="{safe_name(name)}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def safe_name(name: str) -> str:
    """A document's number as part of a file name."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "-" for char in name)

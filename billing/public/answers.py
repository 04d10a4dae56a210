"""How everything behind a public link answers: never kept, indexed or framed, and with one page for all that is not there."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from billing.rendering.themes import DEFAULT_ACCENT, palette
from invoicing.lib.errors import NotFound

_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "private, no-store",
}
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A view for GET and HEAD with the headers of a secret address; NotFound becomes the one page that tells nothing."""

    reading = require_safe(view)

    @csrf_exempt  # nothing is written: another verb is 405 with the same headers, not Django's page about cookies
    @wraps(view)
    def answer(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        try:
            response = reading(request, *args, **kwargs)
        except NotFound:
            response = page("gone", DEFAULT_ACCENT, {}, status=404)
        for name, value in _HEADERS.items():
            response[name] = value
        response.setdefault("Content-Security-Policy", _NOTHING)
        return response

    return answer


def page(name: str, accent: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page in the colours of an accent. Its style is within it, and the policy knows that by its digest."""
    # Trusted: our own file, and colours that `palette` has checked.
    style = mark_safe(render_to_string("pages/statement.css", {"colors": palette(accent)}))  # noqa: S308
    html = render_to_string(f"pages/{name}.html", {**context, "style": style})
    response = HttpResponse(html, status=status)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    response["Content-Security-Policy"] = f"{_NOTHING}; style-src 'sha256-{digest}'; img-src 'self' data:"
    return response

"""What granian serves: Django, with bodies of unknown length read before it looks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "invoicing.settings")
_django = get_wsgi_application()
_MOST = 9 * 1024 * 1024  # more than any path takes, so that each refuses it in its own words


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI has no word for a chunked body: without a Content-Length Django takes it for none, and would act on defaults."""
    if environ.get("HTTP_TRANSFER_ENCODING") and not environ.get("CONTENT_LENGTH"):
        body = environ["wsgi.input"].read(_MOST)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
    return _django(environ, start_response)

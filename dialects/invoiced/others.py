"""What of Invoiced's API is not here: 404 with a message that names the call."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from businesses.permissions import READ, WRITE
from dialects.invoiced.door import InvoicedView
from invoicing.lib.errors import NotFound


class OtherView(InvoicedView):
    """Every other path."""

    scopes = {"GET": READ, "POST": WRITE, "PATCH": WRITE, "DELETE": WRITE, "PUT": WRITE}
    http_method_names = [*InvoicedView.http_method_names, "put"]

    def nothing(self, request: Request, path: str) -> Response:
        """Say which call it was."""
        raise NotFound(f"This server does not serve {request.method} /{path[:100]}.")


def everything() -> dict[str, Any]:
    """All methods, for `as_view`."""
    return dict.fromkeys(("get", "post", "patch", "put", "delete"), "nothing")

"""The product's paths, and answers that are always the same: the least that a request costs on this server."""

from __future__ import annotations

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.permissions import READ_WRITE
from businesses.views import BusinessView
from invoicing import urls

handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
CONSTANT, AUTHENTICATED = "/api/benchmark/constant", "/api/benchmark/authenticated"


class Constant(APIView):
    """For everybody."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        """The same for ever."""
        return Response({"status": "ok", "number": 1})


class Authenticated(BusinessView):
    """For whoever has a key, through the API's own door: known, counted, permitted."""

    scopes = READ_WRITE

    def list(self, request: Request) -> Response:
        """The same for ever."""
        self.check_query()
        return self.send({"status": "ok", "number": 1})


urlpatterns = [
    path(CONSTANT[1:], Constant.as_view()),
    path(AUTHENTICATED[1:], Authenticated.as_view({"get": "list"})),
    *urls.urlpatterns,
]

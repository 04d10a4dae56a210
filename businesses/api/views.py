"""`GET /business` and `GET /me`: any key may ask who it is."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.permissions import ANY
from businesses.serializers import BusinessOutput, KeyOutput, represent_business, represent_key
from businesses.views import BusinessView


class OwnBusinessView(BusinessView):
    """The key's business."""

    scopes = {"GET": ANY}

    @extend_schema(responses=BusinessOutput, tags=["Business"])
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        return self.send_one(represent_business(self.business))


class OwnKeyView(BusinessView):
    """The calling key."""

    scopes = {"GET": ANY}

    @extend_schema(responses=KeyOutput, tags=["Business"])
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        key = self.caller.key
        if key is None:
            raise NotAuthenticated
        return self.send_one(represent_key(key))

"""`/public-links`: which links without a login there are, and the end of one; never the token."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Coalesce, Greatest
from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.filters import ListFilter, UUIDFilter
from businesses.links import revoke_link
from businesses.models import PublicLink
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import LINK_COLUMNS, PublicLinkOutput, paged, represent_links
from businesses.views import BusinessView

_TAGS = ["Public links"]
_UPDATED = Greatest("created_at", Coalesce("revoked_at", "created_at"), Coalesce("opened_at", "created_at"))


class LinkFilter(ListFilter):
    """Of links."""

    subject_id = UUIDFilter()


class PublicLinkView(BusinessView):
    """Links that need no login."""

    scopes = READ_WRITE
    filters = LinkFilter
    sorts = {"created_at": Order("pk", False), "updated_at": Order("updated_at", False)}

    @extend_schema(responses=paged(PublicLinkOutput), tags=_TAGS)
    def list(self, request: Request, **kwargs: Any) -> Response:
        """Links, newest first; `subject_id` is the id of what they show, such as of a statement that was sent."""
        return self.send_list(
            PublicLink.objects.annotate(updated_at=_UPDATED),
            self.filters,
            sorts=self.sorts,
            columns=LINK_COLUMNS,
            represent=represent_links,
        )

    @extend_schema(responses={204: None}, tags=_TAGS)
    def destroy(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Revoke a link at once and for good; again changes nothing."""
        revoke_link(self.find(PublicLink.objects.all(), id, "Link"), actor=self.actor)
        return self.send(b"", 204)


urlpatterns = [
    re_path(r"^public-links/?$", PublicLinkView.as_view({"get": "list"}), name="public-links"),
    re_path(r"^public-links/(?P<id>[^/]+)/?$", PublicLinkView.as_view({"delete": "destroy"}), name="public-link"),
]

"""Paths of this app under /api/v1."""

from __future__ import annotations

from django.urls import re_path

from businesses.api import views
from businesses.api.batch import BatchView

urlpatterns = [
    re_path(r"^batch/?$", BatchView.as_view({"post": "create"}), name="batch"),
    re_path(r"^business/?$", views.OwnBusinessView.as_view({"get": "retrieve"}), name="business"),
    re_path(r"^me/?$", views.OwnKeyView.as_view({"get": "retrieve"}), name="me"),
]

"""Rules that people must remember, as tests: tenancy of every model and view, one writer per table, no signals or save()."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from businesses.views import BusinessView

ROOT = Path(__file__).parents[2]
OURS = ("businesses", "messaging", "webhooks", "customers", "billing")
MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models()]
SOURCES = [
    path
    for app in (*OURS, "einvoicing", "invoicing", "dialects")
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts and "tests" not in path.parts
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_row_carries_its_business(model: type[models.Model]) -> None:
    if model.__name__ in {"Business", "User"}:
        return
    field = model._meta.get_field("business")
    assert isinstance(field, models.ForeignKey)
    assert not field.null
    assert field.remote_field.on_delete is models.PROTECT


# Unique without the business: what is looked up before the business is known, and what hangs on one row of it.
HANGING = {"uuid", "digest", "event_id", "email", "invoice", "quotation", "run", "reverses", "message_id", "revision"}
HANGING |= {"delivery", "message", "event", "credit_note"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_unique_key_begins_with_the_business(model: type[models.Model]) -> None:
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            assert field.name in HANGING, f"{model.__name__}.{field.name}"
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            assert constraint.fields[0] in {"business", *HANGING}, f"{model.__name__}.{constraint.name}"


def api_views() -> list[type[APIView]]:
    found = []

    def walk(patterns: list[URLPattern | URLResolver]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            elif cls := getattr(pattern.callback, "cls", None):
                found.append(cls)

    walk(get_resolver().url_patterns)
    return found


def test_every_view_of_the_api_comes_through_the_one_door() -> None:
    views = [view for view in api_views() if not view.__module__.startswith("drf_spectacular")]
    assert len(views) > 15
    for view in views:
        assert issubclass(view, BusinessView), view
        assert view.scopes or view.rights, view
        assert not {"check_permissions", "perform_authentication"} & set(vars(view)), view
        assert "permission_classes" not in vars(view), view
        assert "authentication_classes" not in vars(view), view


def test_only_the_ledger_writes_the_ledger() -> None:
    writes = re.compile(r"\b(Entry|Allocation|DueDate|CustomerBalance)\.objects\.\w*(create|update|delete|save)\w*\(")
    for path in SOURCES:
        if path != ROOT / "billing" / "ledger.py":
            assert not writes.search(path.read_text()), path


def test_only_the_outbox_writes_events() -> None:
    for path in SOURCES:
        if path != ROOT / "webhooks" / "outbox.py":
            assert not re.search(r"\bEvent(\.objects\.(bulk_)?create)?\(\s*\w+=", path.read_text()), path


def test_no_rule_hides_in_save_or_signals() -> None:
    for path in SOURCES:
        text = path.read_text()
        assert "django.db.models.signals import" not in text or "post_migrate" in text, path
        assert "@receiver" not in text, path
        if path.name.startswith("models") or "models" in path.parts:
            names = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
            assert "save" not in names, path
            assert "delete" not in names, path


def test_only_the_clock_says_what_time_it_is() -> None:
    asks = re.compile(r"\b(timezone\.now|datetime\.now|datetime\.utcnow|date\.today|time\.time)\(")
    for path in SOURCES:
        if path.relative_to(ROOT) in {Path("invoicing/lib/clock.py"), Path("invoicing/lib/ids.py")}:
            continue
        if path.is_relative_to(ROOT / "invoicing" / "processes"):
            continue  # the supervisor measures how long a process lived, which is no business time
        assert not asks.search(path.read_text()), path


def test_every_module_says_what_it_owns() -> None:
    for path in SOURCES:
        text = path.read_text()
        assert not text or ast.get_docstring(ast.parse(text)), path


def test_only_the_vetted_client_dials_out() -> None:
    clients = re.compile(r"^\s*(import|from) (aiohttp|httpx|requests|urllib3|urllib\.request|http\.client)\b", re.M)
    for path in SOURCES:
        # The supervisor asks its own /readyz, on loopback.
        if path.parent not in {ROOT / "invoicing" / "lib", ROOT / "invoicing" / "processes"}:
            assert not clients.search(path.read_text()), path

"""`create_demo`: the demo business, where there is no business yet; its login and key go to DATA_DIR/demo-credentials."""

from __future__ import annotations

import os
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from billing.demo import make_demo
from billing.services.books import prove_books_of
from businesses.audit import SYSTEM
from businesses.authentication import create_api_key
from businesses.models import ApiKey, Business

LOGIN = "robin@harborpine.example"


class Command(BaseCommand):
    help = "Make a demo business with a year of data, if there is no business yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--login", default=LOGIN, metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            if Business.objects.exists():
                return
            demo = make_demo(login=options["login"], password=secrets.token_urlsafe(12))
            _, key = create_api_key(demo.business, name="Demo", scope=ApiKey.Scope.ALL, actor=SYSTEM)
            # Before the commit: data without a way in would be worse than a file that nothing answers to.
            _write(
                settings.DATA_DIR / "demo-credentials",
                url=settings.PUBLIC_URL,
                login=demo.login,
                password=demo.password,
                business=str(demo.business.uuid),
                api_key=key,
            )
        prove_books_of(demo.business)  # so that the dashboard has something to show before the first night


def _write(path: Path, **lines: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in lines.items())

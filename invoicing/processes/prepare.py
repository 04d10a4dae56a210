"""`python -m invoicing.processes prepare`: migrations, the demo where it is wanted, and a first look for left-over work."""

from __future__ import annotations

import os

import django


def prepare() -> int:
    """Bring the database up to date; SystemExit names DATABASE_URL where it cannot be reached."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "invoicing.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import OperationalError, connection

    from invoicing.lib.wake import wake

    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise SystemExit(f"DATABASE_URL: the database cannot be reached ({reason}).") from None
    call_command("migrate", interactive=False, verbosity=0)
    if settings.ENVIRONMENT.demo:
        call_command("create_demo")
    wake("webhooks.tasks.dispatch")
    return 0

"""The Django project: settings, URLs, processes; `lib/` holds its leaves."""

from invoicing.celery import app as celery_app

__all__ = ["celery_app"]

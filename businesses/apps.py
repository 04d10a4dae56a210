"""The app that knows who is calling, and the admin that asks it."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class BusinessesConfig(AppConfig):
    name = "businesses"
    verbose_name = "Your business"
    default = True


class InvoicingAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site."""

    default = False
    default_site = "businesses.site.InvoicingSite"

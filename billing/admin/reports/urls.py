"""Where the reports stand: /admin/reports/…"""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from billing.admin.reports.ageing import ageing_page
from billing.admin.reports.numbering import numbering_page
from billing.admin.reports.revenue import revenue_page
from billing.admin.reports.taxes import taxes_page

app_name = "reports"
urlpatterns = [
    path("ageing/", admin.site.admin_view(ageing_page), name="ageing"),
    path("revenue/", admin.site.admin_view(revenue_page), name="revenue"),
    path("taxes/", admin.site.admin_view(taxes_page), name="taxes"),
    path("numbers/", admin.site.admin_view(numbering_page), name="numbers"),
]

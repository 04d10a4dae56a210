"""The admin of customers, products, documents, payments and statements, and the dashboard; every write is a service's."""

from billing.admin import (
    adjustments,
    credit_notes,
    customers,
    invoices,
    kept_statements,
    payments,
    products,
    quotations,
    statement_runs,
    tax_rates,
)

__all__ = [
    "adjustments",
    "credit_notes",
    "customers",
    "invoices",
    "kept_statements",
    "payments",
    "products",
    "quotations",
    "statement_runs",
    "tax_rates",
]

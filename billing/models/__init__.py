"""What billing stores."""

from billing.models.documents import (
    Document,
    DocumentLine,
    Invoice,
    InvoiceLine,
    InvoiceQuerySet,
    Quotation,
    QuotationLine,
    Revision,
)
from billing.models.ledger import Allocation, DueDate, Entry
from billing.models.payment import Payment
from billing.models.product import Product
from billing.models.statements import KeptStatement, StatementOutcome, StatementRun
from billing.models.tax import TaxCategory

__all__ = [
    "Allocation",
    "Document",
    "DocumentLine",
    "DueDate",
    "Entry",
    "Invoice",
    "InvoiceLine",
    "InvoiceQuerySet",
    "KeptStatement",
    "Payment",
    "Product",
    "Quotation",
    "QuotationLine",
    "Revision",
    "StatementOutcome",
    "StatementRun",
    "TaxCategory",
]

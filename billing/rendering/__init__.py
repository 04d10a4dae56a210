"""PDFs of invoices, quotations, credit notes, receipts and statements: pure functions of the frozen dataclasses."""

from __future__ import annotations

from typing import Final

from billing.rendering.compose import LETTER, paper_of
from billing.rendering.document import render_document
from billing.rendering.receipt import render_receipt
from billing.rendering.statement import render_statement
from billing.rendering.themes import THEMES

TEMPLATE_VERSION: Final[str] = "1"  # stored beside a kept view; raised when a design changes
TEMPLATES: Final[tuple[str, ...]] = tuple(THEMES)

__all__ = [
    "LETTER",
    "TEMPLATES",
    "TEMPLATE_VERSION",
    "paper_of",
    "render_document",
    "render_receipt",
    "render_statement",
]

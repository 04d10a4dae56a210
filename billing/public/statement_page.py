"""What the public page of a statement shows: the content of its PDF, arranged for a screen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from billing.rendering.content import (
    Content,
    Row,
    address_lines,
    contact_lines,
    identity_lines,
    legal_lines,
    party_lines,
)
from billing.rendering.formats import Formats
from billing.rendering.labels import Labels
from billing.rendering.statement import statement_content
from billing.rendering.themes import mix, palette
from businesses.models import PublicLink
from einvoicing.document import Ageing, Statement

_CREDIT = "#cbd2dc"


def statement_page(statement: Statement, link: PublicLink) -> dict[str, Any]:
    """The context of `pages/statement.html`; days are those of the business's time zone."""
    content = statement_content(statement)
    zone = ZoneInfo(link.business.time_zone)

    def day(moment: datetime) -> str:
        return content.formats.day(_local(moment, zone))

    return {
        "content": content,
        "words": _words(content.labels, made=day(statement.known_at), until=day(link.expires_at)),
        "currency": statement.currency,
        "seller_lines": _seller_lines(content),
        "buyer_lines": party_lines(content.buyer, content),
        "overdue": _overdue(statement.ageing, content.labels, content.formats),
        "bars": _bars(content, statement),
        "rows": [_cells(row, content) for row in content.table.rows],
        "has_logo": statement.brand.logo_sha256 is not None,
    }


def _local(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _words(labels: Labels, *, made: str, until: str) -> dict[str, str]:
    """The labels that a template cannot look up, or that hold a day."""
    plain = {name: labels[name] for name in ("from", "ageing", "total_due", "payment_details", "page_pdf", "page_csv")}
    return {
        **plain,
        "snapshot": labels["page_snapshot"].format(date=made),
        "until": labels["page_until"].format(date=until),
    }


def _seller_lines(content: Content) -> list[str]:
    seller, labels = content.seller, content.labels
    return [
        *legal_lines(seller),
        *address_lines(seller, labels.language),
        *identity_lines(seller, labels),
        *contact_lines(seller),
    ]


def _overdue(ageing: Ageing, labels: Labels, shown: Formats) -> str:
    """What is past due in words, nothing where all is well."""
    late = ageing.balance_minor - ageing.current_minor - ageing.credit_minor
    return labels["page_overdue"].format(amount=shown.money(late)) if late > 0 else ""


def _bars(content: Content, statement: Statement) -> list[dict[str, Any]]:
    """Each bucket with its place on the one bar of all that is owed: the older, the darker; credit is grey."""
    readable, last = palette(statement.brand.accent_color).readable, len(content.tiles) - 1
    nothing = content.formats.amount(0)
    bars, at = [], 0.0
    for place, tile in enumerate(content.tiles):
        shade = mix(readable, "#ffffff", 0.25 + 0.75 * place / max(last - 1, 1)) if place < last else _CREDIT
        percent = tile.share * 100
        # As text: no locale of a template's may put a comma into a length.
        size = {"x": f"{at:.3f}", "width": f"{percent:.3f}"}
        bars.append({"tile": tile, "color": shade, "empty": tile.amount == nothing, **size})
        at += percent
    return bars


def _cells(row: Row, content: Content) -> dict[str, Any]:
    pairs = zip(content.table.columns, row.cells, strict=True)
    cells = [
        {"title": column.title, "text": text, "number": column.number, "detail": row.detail if column.wraps else ""}
        for column, text in pairs
    ]
    # One cell alone is a sentence, such as that nothing is due.
    return {"strong": row.strong, "cells": cells, "sentence": sum(map(bool, row.cells)) == 1 and not row.strong}

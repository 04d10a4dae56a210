"""The PDF of an invoice of one page, beside a bare canvas on which the same strings are set in the same fonts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from benchmarks.measure import Bar, Result, compare
from billing.rendering import render_document
from billing.rendering.fonts import FOLDER
from einvoicing.document import BankDetails, Brand, Document, Line, Party, TaxTotal

Word = tuple[str, float, float, float, str]  # font, size, x, y, text
_LINES = (("Website design, up to eight templates", "1", "2500"), ("Consulting", "7.5", "150"),
          ("Hosting, one month", "12", "29.99"), ("Brand workshop", "1", "1800"), ("Translation", "1840", "0.14"))  # fmt: skip


def run(*, full: bool) -> Iterator[Result]:
    """One work."""
    count, document = 500 if full else 50, _document()
    content = render_document(document)
    words, page = list(_words(content)), PdfReader(BytesIO(content)).pages[0].mediabox
    for font in {word[0] for word in words}:
        registerFont(TTFont(font, str(FOLDER / f"{font}.ttf")))
    size = (float(page.width), float(page.height))

    def ours() -> None:
        for _ in range(count):
            render_document(document)

    def bare() -> None:
        for _ in range(count):
            _draw(words, size)

    result = compare(
        "PDF of an invoice of one page",
        ours,
        bare,
        limit_is="a bare ReportLab canvas, the same fonts and strings",
        bar=Bar(floor=1.5, goal=1.1, better="lower"),
        facts={"documents": count, "strings": len(words), "bytes": len(content), "bare_bytes": len(_draw(words, size))},
    )
    result.facts.update(per_second=round(count / result.ours), limit_per_second=round(count / result.limit))
    yield result


def _document() -> Document:
    lines = [_line(text, Decimal(quantity), Decimal(price)) for text, quantity, price in _LINES]
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    where = {"address": "48 Wharf Street", "city": "Portland", "state": "ME", "postal_code": "04101", "country": "US"}
    return Document(
        kind="invoice",
        number="INV-00042",
        issue_date=date(2026, 4, 1),
        due_date=date(2026, 5, 1),
        currency="USD",
        language="en",
        locale="en_US",
        seller=Party(name="Harbor & Pine Studio", email="billing@harborpine.example", phone="+1 207 555 0142", **where),
        buyer=Party(name="Acme Corp", attention_to="Accounts payable", **where),
        brand=Brand(),
        bank=BankDetails(account_holder="Harbor & Pine Studio LLC", account_number="0048 2210 771"),
        lines=tuple(lines),
        taxes=(TaxTotal(rate=Decimal(10), category="S", base_minor=net, tax_minor=tax),),
        gross_minor=net,
        discount_minor=0,
        subtotal_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        payment_terms="NET 30",
        reference="PO-4711",
        notes="Thank you for your business!",
    )


def _line(text: str, quantity: Decimal, price: Decimal) -> Line:
    net = int(quantity * price * 100)
    amounts: dict[str, Any] = {"net_minor": net, "tax_minor": net // 10, "amount_minor": net + net // 10}
    return Line(description=text, quantity=quantity, unit="h", unit_price=price, discount_minor=0, discount_rate=None,
                tax_rate=Decimal(10), tax_category="S", **amounts)  # fmt: skip


def _words(content: bytes) -> Iterator[Word]:
    """Every string of a PDF's first page, where it stands."""
    found: list[Word] = []

    def note(text: str, cm: list[float], tm: list[float], font: dict[str, Any] | None, size: float) -> None:
        if text.strip() and font:
            found.append((str(font["/BaseFont"]).partition("+")[2], size, tm[4], tm[5], text.strip()))

    PdfReader(BytesIO(content)).pages[0].extract_text(visitor_text=note)
    yield from found


def _draw(words: list[Word], size: tuple[float, float]) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, size, pageCompression=1)
    for font, points, x, y, text in words:
        canvas.setFont(font, points)
        canvas.drawString(x, y, text)
    canvas.save()
    return file.getvalue()


__all__: list[str] = ["run"]

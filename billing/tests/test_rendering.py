"""The PDFs of billing.rendering: what they say, in every script, and that nothing a person types breaks them."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from babel.numbers import format_currency, format_decimal
from PIL import Image
from pypdf import PdfReader

from billing.rendering import TEMPLATES, render_document, render_receipt, render_statement
from billing.rendering.document import line_amounts
from billing.rendering.fonts import SANS, SERIF_BOLD
from billing.rendering.formats import formats
from billing.rendering.labels import _TABLE, LANGUAGES
from billing.rendering.qr import epc_payload, symbol
from billing.rendering.shaping import clean, shape
from billing.rendering.themes import palette
from billing.rendering.wrapping import wrap
from einvoicing.document import (
    Ageing,
    BankDetails,
    Brand,
    Document,
    Line,
    Party,
    Receipt,
    ReceiptAllocation,
    Statement,
    StatementEntry,
    StatementItem,
    TaxTotal,
)

SELLER = Party(name="Nordlicht Studio", legal_name="Nordlicht Design GmbH", address="Allee 147", city="Berlin",
               postal_code="10435", country="DE", tax_id="DE312345678", email="hallo@nordlicht.example")  # fmt: skip
BUYER = Party(name="Müller & Söhne AG", address="Industriestraße 12", city="München", postal_code="80331", country="DE")
BANK = BankDetails(iban="DE89 3704 0044 0532 0130 00", bic="COBADEFFXXX", bank_name="Commerzbank")
NAMES = {
    "arabic": "شركة النور للتجارة", "hebrew": "חברת אור", "devanagari": "भारत सेवा क्षत्रिय", "thai": "บริษัท สยาม น้ำใจ",
    "chinese": "上海示例科技有限公司", "japanese": "株式会社サンプル商事", "korean": "주식회사 예시산업", "cyrillic": "ООО Пример",
    "greek": "Εταιρεία", "vietnamese": "Công ty Ví Dụ",
}  # fmt: skip
NAUGHTY = [
    "", "  \n\n ", "\x00\x01\x7f", "x" * 200, "W" * 255, "Wort " * 1000, "é" * 5000, "\ud800 lone \udfff", "😀👩‍👩‍👧🏳️‍🌈" * 20,
    "\u202eevil\u202c", "z̷̢̛̙" * 60, "שלום (עולם) [1] " * 30, "क्षत्रिय" * 100, "ก็" * 100, "漢字" * 200, "﷽" * 20,
    "(unbalanced\\ ) ]TJ ET", "\U0010ffff\ufffe\uffff", "a\u0301" * 100, "\r\n\t line \r x \u2028 y", "/" * 300, "བོད မြန်မာ தமிழ்",
]  # fmt: skip


def line(
    description: str = "Beratung", quantity: str = "2", price: str = "150", net: int = 30000, **more: object
) -> Line:
    tax = net * 19 // 100
    known: dict[str, object] = {
        "discount_minor": 0,
        "discount_rate": None,
        "tax_rate": Decimal(19),
        "tax_category": "S",
    }
    return Line(description=description, quantity=Decimal(quantity), unit="Std", unit_price=Decimal(price), net_minor=net,
                tax_minor=tax, amount_minor=net + tax, **{**known, **more})  # type: ignore[arg-type]  # fmt: skip


def document(*lines: Line, **more: object) -> Document:
    lines = lines or (line(),)
    net, tax = sum(each.net_minor for each in lines), sum(each.tax_minor for each in lines)
    own = sum(each.discount_minor for each in lines)
    known: dict[str, object] = {
        "kind": "invoice", "number": "INV-00001", "issue_date": date(2025, 11, 3), "due_date": date(2025, 12, 3),
        "currency": "EUR", "language": "de", "locale": "de_DE", "seller": SELLER, "buyer": BUYER, "brand": Brand(),
        "bank": BANK, "lines": lines, "gross_minor": net + own, "discount_minor": own, "subtotal_minor": net,
        "taxes": (TaxTotal(rate=Decimal(19), category="S", base_minor=net, tax_minor=tax),), "tax_minor": tax,
        "total_minor": net + tax, "notes": "Vielen Dank!",
    }  # fmt: skip
    return Document(**{**known, **more})  # type: ignore[arg-type]


def receipt(**more: object) -> Receipt:
    paid = ReceiptAllocation(invoice_number="INV-00040", invoice_date=date(2025, 9, 1), invoice_total_minor=900000,
                             amount_minor=900000, amount_due_minor=0)  # fmt: skip
    known: dict[str, object] = {
        "number": "RC-00017", "payment_date": date(2025, 11, 20), "currency": "EUR", "language": "fr", "locale": "fr_FR",
        "seller": SELLER, "buyer": BUYER, "brand": Brand(), "amount_minor": 1000000, "unallocated_minor": 100000,
        "method": "bank_transfer", "allocations": (paid,), "notes": "Merci",
    }  # fmt: skip
    return Receipt(**{**known, **more})  # type: ignore[arg-type]


def statement(kind: str, **more: object) -> Statement:
    entry = StatementEntry(
        date=date(2025, 10, 2), kind="payment", number="PAY-7", amount_minor=-5000, balance_minor=95000
    )
    item = StatementItem(invoice_id="i", invoice_number="INV-00031", issue_date=date(2025, 6, 1), due_date=date(2025, 6, 28),
                         total_minor=120000, paid_minor=20000, due_minor=100000, days_overdue=125)  # fmt: skip
    known: dict[str, object] = {
        "kind": kind, "customer_id": "c", "currency": "EUR", "language": "en", "locale": "en_IE", "seller": SELLER,
        "buyer": BUYER, "brand": Brand(), "bank": BANK, "start": date(2025, 10, 1), "end": date(2025, 10, 31),
        "known_at": datetime(2025, 11, 1, tzinfo=UTC), "opening_minor": 100000, "entries": (entry,), "items": (item,),
        "closing_minor": 95000, "total_due_minor": 100000,
        "ageing": Ageing(current_minor=0, days_1_30_minor=0, days_31_60_minor=0, days_61_90_minor=0, over_90_minor=100000,
                         credit_minor=-5000),
    }  # fmt: skip
    return Statement(**{**known, **more})  # type: ignore[arg-type]


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(
        "\n".join(page.extract_text() for page in pages).replace("\xa0", " ").replace("\u202f", " ").split()
    )


def unembedded(pdf: bytes) -> list[str]:
    """Names of fonts in the file without a font program."""
    missing = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for font in cast("Any", page)["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            if "/FontFile2" not in inner["/FontDescriptor"]:
                missing.append(str(inner["/BaseFont"]))
    return missing


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_invoice_says_who_what_and_how_much(template: str) -> None:
    pdf = render_document(document(brand=Brand(template=template)))
    shown = text_of(pdf)
    for expected in ("Nordlicht Design GmbH", "Müller & Söhne AG", "INV-00001", "Beratung", "2 Std", "150,00", "300,00",
                     "USt. 19 % auf 300,00", "57,00", "357,00 €", "03.12.2025", "DE89 3704 0044 0532 0130 00",
                     "USt-IdNr. DE312345678", "Vielen Dank!", "Seite 1 von 1", "Zum Zahlen scannen"):  # fmt: skip
        assert expected in shown
    assert ("Rechnung" if template != "classic" else "RECHNUNG") in shown


def test_the_templates_differ_and_an_unknown_one_is_modern() -> None:
    looks = [render_document(document(brand=Brand(template=name))) for name in (*TEMPLATES, "gothic")]
    assert len(set(looks)) == 3
    assert looks[0] == looks[3]


def test_the_same_document_gives_the_same_bytes_whatever_was_rendered_before() -> None:
    first = render_document(document(line("भारत सेवा 漢字")))
    render_document(document(line("क्षत्रिय น้ำใจ 한글 مرحبا")))
    shape.cache_clear()
    assert render_document(document(line("भारत सेवा 漢字"))) == first


def test_title_author_and_language_are_in_the_file() -> None:
    reader = PdfReader(io.BytesIO(render_document(document())))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Rechnung INV-00001", "Nordlicht Studio")
    assert cast("Any", reader.trailer)["/Root"]["/Lang"] == "de"


@pytest.mark.parametrize(("kind", "title"), [("quotation", "Quotation"), ("credit_note", "Credit note")])
def test_other_documents_have_their_title_and_nothing_to_pay_by(kind: str, title: str) -> None:
    shown = text_of(render_document(document(kind=kind, language="en", locale="en_GB", valid_until=date(2026, 1, 31))))
    assert title in shown
    assert "IBAN" not in shown
    assert "Scan to pay" not in shown


def test_a_draft_is_marked_in_its_language_and_cannot_be_paid_by_code() -> None:
    shown = text_of(render_document(document(), draft=True))
    assert shown.count("ENTWURF") == 2
    assert "Zum Zahlen scannen" not in shown


def test_discounts_are_shown_and_the_column_adds_up_before_the_documents_own() -> None:
    lines = (line(net=25650, discount_minor=1500, discount_rate=Decimal(5)), line("Reise", "1", "100", net=9000))
    discounted = document(*lines, gross_minor=40000, discount_minor=5350)
    assert line_amounts(discounted) == [28500, 10000]
    shown = text_of(render_document(discounted))
    taken = ("Positionsrabatte -15,00", "Gesamtrabatt -38,50")  # apart, so that a reader sees which is which
    for expected in ("Summe vor Rabatt 400,00", *taken, "-5 %", "285,00", "Nettobetrag 346,50"):
        assert expected in shown
    assert line_amounts(replace(discounted, gross_minor=1)) == [25650, 9000]


def test_a_long_invoice_repeats_its_head_and_keeps_its_totals_with_a_line() -> None:
    reader = PdfReader(io.BytesIO(render_document(document(*[line(f"Artikel {n:04d}") for n in range(1000)]))))
    texts = [page.extract_text() for page in reader.pages]
    assert all(
        "Beschreibung" in text and f"Seite {n} von {len(texts)}" in text for n, text in enumerate(texts, start=1)
    )
    assert all(f"Artikel {n:04d}" in "".join(texts) for n in range(1000))
    totals = next(text for text in texts if "Gesamtbetrag" in text)
    assert "Artikel 0999" in totals
    assert "Nettobetrag" in totals


@pytest.mark.parametrize("template", TEMPLATES)
def test_totals_stay_together_wherever_the_page_ends(template: str) -> None:
    for count in range(1, 45):
        pages = PdfReader(
            io.BytesIO(render_document(document(*[line()] * count, brand=Brand(template=template))))
        ).pages
        texts = [page.extract_text() for page in pages]
        assert any("Nettobetrag" in text and "Gesamtbetrag" in text and "Beratung" in text for text in texts)


@pytest.mark.parametrize("script", NAMES)
def test_every_script_is_embedded_without_a_missing_glyph(script: str) -> None:
    name = NAMES[script]
    pdf = render_document(document(line(name), buyer=replace(BUYER, name=name), seller=replace(SELLER, name=name)))
    assert unembedded(pdf) == []
    for font in (SANS, SERIF_BOLD):
        codes = [glyph.code for run in shape(name, font) for glyph in run.glyphs]
        assert codes
        assert "0000" not in codes
        assert "\ufffd" not in "".join(run.text for run in shape(name, font))
    if script not in ("arabic", "hebrew", "devanagari", "thai"):
        assert name in text_of(pdf)


def test_arabic_is_joined_and_runs_from_the_right() -> None:
    (run,) = shape("سلام", SANS, rtl=True)
    assert [glyph.text for glyph in run.glyphs if glyph.text][-1][0] == "س"
    assert run.glyphs[-1].code != run.face.glyphs["س"][0]  # type: ignore[index]
    mixed = shape("שלום (abc) 12", SANS, rtl=True)
    assert [run.text.strip() for run in mixed if run.text.strip().isalnum()] == ["12", "abc", "שלום"]


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_a_person_types_breaks_a_pdf(text: str, template: str) -> None:
    party = Party(name=text, legal_name=text, attention_to=text, address=text, city=text, tax_id=text, email=text)
    brand = Brand(template=template)
    bank = BankDetails(account_holder=text, bank_name=text, iban=text, bic=text, account_number=text)
    spoiled = {"number": text, "seller": party, "buyer": party, "brand": brand, "reference": text, "notes": text}
    pdfs = [
        render_document(document(line(text, product_code=text), bank=bank, ship_to=party, terms=text, **spoiled)),
        render_receipt(receipt(method=text, **spoiled)),
        render_statement(statement("open_item", seller=party, buyer=party, brand=brand, bank=bank)),
    ]
    for pdf in pdfs:
        assert PdfReader(io.BytesIO(pdf)).pages
        assert unembedded(pdf) == []


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_no_line_is_wider_than_its_column(text: str) -> None:
    lines = wrap(text, SANS, 9, 120)
    assert all(line.width <= 120.01 for line in lines)
    letters = "".join(clean(text).split())
    assert "".join("".join(line.text.split()) for line in lines) == letters


def test_direction_overrides_are_not_printed() -> None:
    assert clean("pay \u202eecila\u202c\u2066x\u2069") == "pay ecilax"
    assert clean("a\ud800b") == "a\ufffdb"


def test_amounts_keep_the_decimals_of_their_currency() -> None:
    yen = text_of(
        render_document(document(line(net=12345, price="12345"), currency="JPY", locale="ja_JP", language="en"))
    )
    assert "￥14,690" in yen
    assert "12,345" in yen
    assert "12,345." not in yen
    dinar = text_of(render_document(document(line(net=1234567, price="0.000125"), currency="KWD", locale="en_US")))
    assert "KWD 1,469.134" in dinar
    assert "0.000125" in dinar


@pytest.mark.parametrize(
    "locale", ["en_US", "de_DE", "de_AT", "de_CH", "fr_FR", "es_ES", "hi_IN", "ja_JP", "sv_SE", "pl_PL"]
)
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_numbers_are_written_as_babel_writes_them(locale: str, currency: str) -> None:
    shown = formats(locale, currency)
    for minor in (0, 5, 99, 12345, 123456789, -5, -1234567):
        value = Decimal(minor).scaleb(-shown.exponent)
        expected = format_currency(value, currency, locale=locale)
        assert shown.money(minor).replace("\xa0", "") == expected.replace("\xa0", "")
    assert shown.quantity(Decimal("1234.5670")) == format_decimal(Decimal("1234.567"), locale=locale)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_complete_in_every_language(language: str) -> None:
    place = LANGUAGES.index(language)
    assert all(len(words) == len(LANGUAGES) and words[place].strip() for words in _TABLE.values())
    for words in _TABLE.values():
        assert words[place].count("{") == words[0].count("{")
    assert text_of(render_document(document(language=language)))


def test_an_unknown_language_is_english() -> None:
    assert "Amount due" in text_of(render_document(document(language="tlh", locale="tlh_KL")))
    assert "Zu zahlen" in text_of(render_document(document(language="de-AT")))


def test_the_epc_payload_is_exact() -> None:
    assert epc_payload(document()) == (
        "BCD\n002\n1\nSCT\nCOBADEFFXXX\nNordlicht Design GmbH\nDE89370400440532013000\nEUR357.00\n\n\nINV-00001"
    )


@pytest.mark.parametrize("change", [{"currency": "USD"}, {"kind": "quotation"}, {"total_minor": 0}, {"bank": BankDetails()},
                                    {"total_minor": 100_000_000_000}, {"bank": BankDetails(iban="not an iban!")}])  # fmt: skip
def test_there_is_no_code_where_a_sepa_transfer_is_impossible(change: dict[str, object]) -> None:
    assert epc_payload(document(**change)) is None


def test_the_symbol_has_finder_patterns_and_a_plausible_size() -> None:
    rows = symbol(epc_payload(document()) or "")
    assert (len(rows) - 17) % 4 == 0
    assert rows[0][0] == (0, 7)
    assert rows[0][-1] == (len(rows) - 7, 7)


def test_a_logo_is_drawn_and_a_broken_one_is_not_missed() -> None:
    file = io.BytesIO()
    Image.new("RGB", (120, 40), "#0f766e").save(file, "PNG")
    plain = render_document(document())
    pictured = render_document(document(), logo=file.getvalue())
    assert len(PdfReader(io.BytesIO(pictured)).pages[0].images) == 1
    assert render_document(document(), logo=file.getvalue()) == pictured
    for broken in (b"", b"no picture", file.getvalue()[:60], b"\xff\xd8\xff\xe0broken"):
        assert render_document(document(), logo=broken) == plain


def test_text_on_any_accent_colour_can_be_read() -> None:
    assert palette("#ffff00").on_accent == "#16181d"
    assert palette("#000000").on_accent == "#ffffff"
    assert palette("#ffff00").readable != "#ffff00"
    assert palette("red; drop") == palette("#4f46e5")


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_receipt_says_what_it_settled(template: str) -> None:
    shown = text_of(render_receipt(receipt(brand=Brand(template=template))))
    for expected in ("RC-00017", "20 nov. 2025", "Virement bancaire", "INV-00040", "9 000,00", "10 000,00 €", "1 000,00",
                     "Avoir disponible", "Merci"):  # fmt: skip
        assert expected in shown


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_open_item_statement_lists_what_is_due_and_how_old_it_is(template: str) -> None:
    shown = text_of(render_statement(statement("open_item", brand=Brand(template=template))))
    for expected in ("INV-00031", "28 Jun 2025", "125", "1,200.00", "200.00", "€1,000.00", "Over 90 days", "-50.00"):
        assert expected in shown


def test_a_balance_forward_statement_runs_from_opening_to_closing() -> None:
    shown = text_of(render_statement(statement("balance_forward")))
    for expected in (
        "Opening balance 1,000.00",
        "2 Oct 2025 Payment PAY-7 -50.00 950.00",
        "Closing balance 950.00",
        "€1,000.00",
    ):
        assert expected in shown


def test_statements_without_rows_say_so() -> None:
    assert "Nothing is due." in text_of(render_statement(statement("open_item", items=())))
    assert "No transactions" in text_of(render_statement(statement("balance_forward", entries=())))


def test_paper_follows_the_sellers_country() -> None:
    american = render_document(document(seller=replace(SELLER, country="US")))
    widths = [
        float(PdfReader(io.BytesIO(pdf)).pages[0].mediabox.width) for pdf in (american, render_document(document()))
    ]
    assert widths == [612.0, pytest.approx(595.276, abs=0.01)]


CREDITS = [
    ("en", "en_GB", "Credit note", "Credits invoice", "INV-00040 of 1 Sept 2025", "Deductions"),
    ("de", "de_DE", "Rechnungskorrektur", "Zu Rechnung", "INV-00040 vom 01.09.2025", "Abzüge"),
    ("fr", "fr_FR", "Avoir", "Sur la facture", "INV-00040 du 1 sept. 2025", "Déductions"),
    ("es", "es_ES", "Nota de crédito", "De la factura", "INV-00040 del 1 sept 2025", "Deducciones"),
]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("language", "locale", "title", "label", "of", "deductions"), CREDITS)
def test_a_credit_note_names_its_invoice_and_asks_for_nothing(
    template: str, language: str, locale: str, title: str, label: str, of: str, deductions: str
) -> None:
    view = document(
        line(discount_minor=500), kind="credit_note", number="CN-00001", due_date=None, language=language, locale=locale,
        invoice_number="INV-00040", invoice_date=date(2025, 9, 1), brand=Brand(template=template), payment_terms="NET 30",
    )  # fmt: skip
    text = text_of(render_document(view)).casefold()
    for words in (title, label, of, deductions):
        assert words.casefold() in text, words
    for words in ("DE89", "NET 30"):
        assert words.casefold() not in text, words


def test_a_receipt_without_invoices_is_all_credit() -> None:
    text = text_of(render_receipt(receipt(allocations=(), unallocated_minor=1000000)))
    assert "Avoir disponible" in text
    assert "Imputé aux factures" not in text

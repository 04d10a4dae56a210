"""Payment codes: the EPC069-12 ("GiroCode") text of a SEPA credit transfer, and its QR symbol as black stretches."""

from __future__ import annotations

from itertools import groupby

import segno

from billing.rendering.shaping import clean
from einvoicing.document import Document

_LARGEST_MINOR = 99_999_999_999  # 999 999 999.99 euro, the scheme's limit
_IBAN_LENGTHS = range(15, 35)


def epc_payload(document: Document) -> str | None:
    """The code's text (version 002, UTF-8) for an invoice in euro with an IBAN and an amount to pay; else None."""
    iban = "".join((document.bank.iban or "").split()).upper()
    payable = document.kind == "invoice" and document.currency == "EUR" and 0 < document.total_minor <= _LARGEST_MINOR
    if not payable or len(iban) not in _IBAN_LENGTHS or not iban.isalnum():
        return None
    seller = document.seller
    name = _field(document.bank.account_holder or seller.legal_name or seller.name, 70)
    bic = "".join((document.bank.bic or "").split()).upper()
    euros = f"EUR{document.total_minor // 100}.{document.total_minor % 100:02d}"
    lines = ["BCD", "002", "1", "SCT", bic, name, iban, euros, "", "", _field(document.number, 140)]
    payload = "\n".join(lines)
    return payload if len(payload.encode()) <= 331 else None


def symbol(payload: str) -> list[list[tuple[int, int]]]:
    """The QR code (error correction M, as EPC069-12 asks) as rows of dark stretches (start, length) in modules."""
    code = segno.make(payload, error="m", boost_error=False, micro=False, encoding="utf-8")
    return [_stretches(row) for row in code.matrix]


def _field(text: str, longest: int) -> str:
    return " ".join(clean(text).split())[:longest]


def _stretches(row: bytes | bytearray) -> list[tuple[int, int]]:
    found, place = [], 0
    for dark, modules in groupby(row):
        length = len(list(modules))
        if dark:
            found.append((place, length))
        place += length
    return found

from datetime import date
from decimal import Decimal

from invoicing.lib.csv import encode_csv


def test_cells_are_plain_quoted_and_harmless() -> None:
    rows = [['Müller, "Söhne"', Decimal("1E+3"), None, date(2026, 1, 2)], ["=1+1", -5, "@x", 2.5]]
    text = encode_csv(["Name", "Amount", "Note", "Day"], rows).decode("utf-8-sig")
    assert text.splitlines() == [
        "Name,Amount,Note,Day",
        '"Müller, ""Söhne""",1000,,2026-01-02',
        "'=1+1,-5,'@x,2.5",
    ]

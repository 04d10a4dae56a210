"""Text made comparable: folded for search, so that `muller` finds `Müller`."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """NFKD, marks stripped, case folded (SQLite's LIKE folds ASCII only)."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def fold_all(*parts: str | None) -> str:
    """The folded parts in one line, for a `search_text` column."""
    return fold("\n".join(part for part in parts if part))

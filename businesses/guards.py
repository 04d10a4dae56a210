"""What of this app may not change under any writer: the audit trail, and the bytes of stored files."""

from __future__ import annotations

from businesses.models import AuditEntry, StoredFile
from invoicing.lib.guards import Fixed, Guarded, every

_LINK = ("position", "hash")
_TRAIL = "the audit trail is only written on"
_BYTES = "documents refer to its bytes"

GUARDED = (
    Guarded(
        model=AuditEntry,
        fixed=(
            Fixed(what="fixed", columns=every(AuditEntry, but=frozenset(_LINK)), why=_TRAIL),
            Fixed(
                what="linked",
                columns=_LINK,
                when="OLD.position IS NOT NULL OR OLD.hash <> ''",
                why="an entry is linked once",
            ),
        ),
        kept=_TRAIL,
    ),
    Guarded(
        model=StoredFile,
        fixed=(Fixed(what="fixed", columns=every(StoredFile), why=_BYTES),),
        kept=_BYTES,
    ),
)

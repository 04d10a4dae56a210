"""Font programs inside a PDF: only the glyphs a document uses, addressed by glyph id, always embedded."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import uharfbuzz as hb
from reportlab.pdfbase import pdfdoc

from billing.rendering.fonts import Face

_SUBSET_FLAGS = (
    hb.SubsetFlags.NO_HINTING
    | hb.SubsetFlags.RETAIN_GIDS
    | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    | hb.SubsetFlags.NOTDEF_OUTLINE
)
# A viewer needs outlines and advances; characters are mapped by the PDF, and shaping has been done.
_NEEDLESS = {int.from_bytes(tag, "big") for tag in (b"GSUB", b"GPOS", b"GDEF", b"name", b"cmap", b"OS/2", b"post",
                                                    b"vhea", b"vmtx", b"gasp", b"kern")}  # fmt: skip


class Raw(pdfdoc.PDFObject):  # type: ignore[misc]
    """Bytes that are a PDF object already."""

    def __init__(self, body: str) -> None:
        self.body = body.encode("ascii")

    def format(self, document: Any) -> bytes:
        """What ReportLab writes into the file."""
        return self.body


class EmbeddedFont:
    """The glyphs of one face that one document has drawn; ReportLab calls `addObjects` when it saves."""

    def __init__(self, face: Face, name: str) -> None:
        self.face = face
        self.name = name
        self.chars: set[str] = set()
        self.shaped: dict[str, str] = {}  # glyph code → text of its cluster

    def addObjects(self, document: Any) -> None:  # noqa: N802 (ReportLab's name)
        """Write the Type 0 font, its descendant, program and text mapping into ReportLab's `document`."""
        texts = self._texts()
        program = self._program(texts)
        base = f"/{_tag(program)}+{self.face.name}"
        refs = {
            "file": self._stream(document, program, Length1=len(program)),
            "unicode": self._stream(document, _to_unicode(texts).encode("ascii")),
        }
        refs["descriptor"] = document.Reference(Raw(self._descriptor(base, _ref(document, refs["file"]))))
        descendant = document.Reference(Raw(self._descendant(base, texts, _ref(document, refs["descriptor"]))))
        document.idToObject["BasicFonts"].dict[self.name] = document.Reference(Raw(
            f"<</Type/Font/Subtype/Type0/BaseFont{base}/Encoding/Identity-H"
            f"/DescendantFonts[{_ref(document, descendant)}]/ToUnicode {_ref(document, refs['unicode'])}>>"
        ))  # fmt: skip

    def _texts(self) -> dict[int, str]:
        """Glyph id → the text it stands for, in the order of ids so that equal documents give equal bytes."""
        glyphs = self.face.glyphs
        texts = {int(code, 16): text for code, text in self.shaped.items()}
        texts |= {int(found[0], 16): char for char in sorted(self.chars) if (found := glyphs[char])}
        return dict(sorted(texts.items()))

    def _program(self, texts: dict[int, str]) -> bytes:
        wanted = hb.SubsetInput()
        wanted.flags = _SUBSET_FLAGS
        wanted.glyph_set.update(texts)
        wanted.drop_table_tag_set.update(_NEEDLESS)
        return bytes(hb.subset(self.face.hb_face, wanted).blob.data)

    def _stream(self, document: Any, content: bytes, **entries: int) -> Any:
        stream = pdfdoc.PDFStream(dictionary=pdfdoc.PDFDictionary(entries), content=content)
        stream.filters = [pdfdoc.PDFZCompress]
        return document.Reference(stream)

    def _descriptor(self, base: str, file: str) -> str:
        ascent, descent = round(self.face.ascent), round(self.face.descent)
        return (
            f"<</Type/FontDescriptor/FontName{base}/Flags 4/FontBBox[-1000 {descent} 3000 {ascent}]/ItalicAngle 0"
            f"/Ascent {ascent}/Descent {descent}/CapHeight {round(ascent * 2 / 3)}/StemV 80/FontFile2 {file}>>"
        )

    def _descendant(self, base: str, texts: dict[int, str], descriptor: str) -> str:
        widths = "".join(f"{gid}[{self.face.advance(gid):.4g}]" for gid in texts)
        return (
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont{base}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            f"/Supplement 0>>/CIDToGIDMap/Identity/DW 1000/W[{widths}]/FontDescriptor {descriptor}>>"
        )


def _ref(document: Any, reference: Any) -> str:
    return str(reference.format(document).decode("ascii"))


def _tag(program: bytes) -> str:
    """Six capitals, as PDF asks of a subset's name; from the subset itself, not from chance."""
    return "".join(chr(65 + byte % 26) for byte in sha256(program).digest()[:6])


def _to_unicode(texts: dict[int, str]) -> str:
    rows = [f"<{gid:04x}><{text.encode('utf-16-be').hex()}>" for gid, text in texts.items() if text]
    chunks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    body = "".join(f"{len(chunk)} beginbfchar\n" + "\n".join(chunk) + "\nendbfchar\n" for chunk in chunks)
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n"
        "/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n"
        f"1 begincodespacerange<0000><ffff>endcodespacerange\n{body}"
        "endcmap CMapName currentdict/CMap defineresource pop end end"
    )

"""Bytes that never change: kept once per business and content."""

from __future__ import annotations

import hashlib
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from businesses.models import Business, StoredFile
from invoicing.lib.errors import Invalid

MAX_LOGO = 2 * 1024 * 1024
_LOGO_SIDE = 1200


def store_file(business: Business, content: bytes, media_type: str) -> StoredFile:
    """Keep bytes; the same bytes again give the same row."""
    defaults = {"media_type": media_type, "size": len(content), "content": content}
    sha256 = hashlib.sha256(content).hexdigest()
    row, _ = StoredFile.objects.get_or_create(business=business, sha256=sha256, defaults=defaults)
    return row


def store_logo(business: Business, content: bytes) -> StoredFile:
    """Keep an uploaded picture as an RGB(A) PNG of at most 1200 pixels a side; Invalid where it is not a PNG or JPEG."""
    if len(content) > MAX_LOGO:
        raise Invalid.field("logo", "At most 2 MiB.")
    try:
        with Image.open(BytesIO(content), formats=["PNG", "JPEG"]) as image:
            if image.width * image.height > 40_000_000:
                raise Invalid.field("logo", "At most 40 megapixels.")
            picture = image.convert("RGBA" if "A" in image.getbands() or image.mode == "P" else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise Invalid.field("logo", "Expected a PNG or JPEG picture.") from None
    picture.thumbnail((_LOGO_SIDE, _LOGO_SIDE))
    output = BytesIO()
    picture.save(output, "PNG", optimize=True)
    return store_file(business, output.getvalue(), "image/png")

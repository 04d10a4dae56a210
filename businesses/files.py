"""Bytes that never change: kept once per business and content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from io import BytesIO

from django.db import IntegrityError, transaction
from PIL import Image, UnidentifiedImageError

from businesses.models import Business, StoredFile
from invoicing.lib.errors import Invalid
from invoicing.lib.new_rows import insert_all

MAX_LOGO = 2 * 1024 * 1024
_LOGO_SIDE = 1200


def store_file(business: Business, content: bytes, media_type: str) -> StoredFile:
    """Keep bytes; the same bytes again give the same row."""
    return store_files(business, [content], media_type)[0]


def store_files(business: Business, contents: Sequence[bytes], media_type: str) -> list[StoredFile]:
    """As `store_file` for each: as many queries for many as for one."""
    by_digest = {hashlib.sha256(content).hexdigest(): content for content in contents}
    kept = _kept(business, by_digest)
    missing = [
        StoredFile(business=business, sha256=digest, media_type=media_type, size=len(content), content=content)
        for digest, content in sorted(by_digest.items())  # in one order, so that no two wait for each other
        if digest not in kept
    ]
    try:
        if missing:
            with transaction.atomic():
                insert_all(missing)
    except IntegrityError:  # another was quicker with one of them
        return store_files(business, contents, media_type)
    kept |= {row.sha256: row for row in missing}
    return [kept[hashlib.sha256(content).hexdigest()] for content in contents]


def _kept(business: Business, by_digest: Mapping[str, bytes]) -> dict[str, StoredFile]:
    """Those that are kept already, by digest; their bytes are here, and not read again."""
    rows = StoredFile.objects.of(business).filter(sha256__in=by_digest).defer("content")
    kept = {row.sha256: row for row in rows}
    for digest, row in kept.items():
        row.business, row.content = business, by_digest[digest]
    return kept


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

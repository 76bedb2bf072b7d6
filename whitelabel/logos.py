"""Logos: what may be uploaded, and how it is made harmless.

Judged by content, never by name. Size and dimensions are read from the header before a pixel is
decoded; what we keep is a fresh PNG of the pixels alone.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import IO

from PIL import Image, UnidentifiedImageError

from atera_invoicing.errors import Refused

from .models import Logo

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 2 * 1024 * 1024
LONGEST_SIDE = 4000
MOST_PIXELS = 16_000_000
BOX = (900, 300)
WAY_OUT = "Upload a PNG, JPEG or WebP of at most 2 MB and 4,000 pixels a side."


def accept(file: IO[bytes]) -> Logo:
    """Store an uploaded image as a logo. Refused with field "logo"."""
    return keep(read(file))


def read(file: IO[bytes]) -> Logo:
    """An uploaded image as a logo that is not stored yet. Refused with field "logo"."""
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise _refused("logo_too_large", "The file is larger than 2 MB.")
    image = _decode(data)
    image.thumbnail(BOX)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    png = out.getvalue()
    digest = hashlib.sha256(png).hexdigest()
    return Logo(png=png, width=image.width, height=image.height, sha256=digest)


def keep(logo: Logo) -> Logo:
    """The stored logo with these pixels, which are stored once."""
    values = {"png": logo.png, "width": logo.width, "height": logo.height}
    return Logo.objects.get_or_create(sha256=logo.sha256, defaults=values)[0]


def _decode(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        if max(image.size) > LONGEST_SIDE or image.width * image.height > MOST_PIXELS:
            raise _refused(
                "logo_too_big", f"The image is {image.width:,} × {image.height:,} pixels."
            )
        if getattr(image, "n_frames", 1) > 1:
            raise _refused("logo_animated", "The image is animated.")
        return image.convert("RGBA")
    except Image.DecompressionBombError as error:
        raise _refused("logo_too_big", "The image has far too many pixels.") from error
    except UnidentifiedImageError as error:
        raise _refused("logo_unknown", _kind(data)) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise _refused("logo_broken", "The image is damaged.") from error


def _kind(data: bytes) -> str:
    """What somebody may have taken for a usable image, by how it begins."""
    start = data[:1000].lstrip().lower()
    if not start:
        return "The file is empty."
    if b"<svg" in start:
        return "This is an SVG drawing, which may carry scripts."
    if start.startswith((b"<!doctype", b"<html")):
        return "This is a web page, whatever it is called."
    if start.startswith(b"gif8"):
        return "This is a GIF."
    return "This is not an image that can be used as a logo."


def _refused(code: str, what: str) -> Refused:
    return Refused(code, f"{what} {WAY_OUT}", field="logo")

"""Logos: what is taken, what is refused and in which words."""

from __future__ import annotations

import io
import struct
import time
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from atera_invoicing.errors import Refused
from whitelabel import logos
from whitelabel.models import Logo

pytestmark = pytest.mark.django_db
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
)


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 200), mode: str = "RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_kept_as_a_fresh_png(kind):
    logo = logos.accept(upload(picture(kind), "anything.xyz"))
    kept = Image.open(io.BytesIO(bytes(logo.png)))
    assert (kept.format, kept.mode, kept.size) == ("PNG", "RGBA", (600, 200))
    assert (logo.width, logo.height) == (600, 200)


def test_a_large_picture_is_shrunk_in_proportion():
    logo = logos.accept(upload(picture(size=(3600, 900))))
    assert (logo.width, logo.height) == (900, 225)


def test_the_same_pixels_are_stored_once():
    first = logos.accept(upload(picture()))
    again = logos.accept(upload(picture("WEBP", lossless=True)))
    assert first.pk == again.pk
    assert Logo.objects.count() == 1


def test_nothing_but_pixels_survives():
    data = picture() + b"<?php canary ?>"
    assert b"canary" not in bytes(logos.accept(upload(data)).png)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (SVG, "logo_unknown", "This is an SVG drawing"),
        (b'<?xml version="1.0"?>\n' + SVG, "logo_unknown", "This is an SVG drawing"),
        (b"<html><body>not a picture</body></html>", "logo_unknown", "This is a web page"),
        (picture("GIF", mode="P"), "logo_unknown", "This is a GIF."),
        (b"", "logo_unknown", "The file is empty."),
        (b"\x00" * 100, "logo_unknown", "This is not an image"),
        (picture()[:120], "logo_broken", "The image is damaged."),
        (b"x" * (2 * 1024 * 1024 + 1), "logo_too_large", "The file is larger than 2 MB."),
        (picture(size=(4001, 10)), "logo_too_big", "The image is 4,001 × 10 pixels."),
        (bomb(4000, 4001), "logo_too_big", "The image is 4,000 × 4,001 pixels."),
        (bomb(20_000, 20_000), "logo_too_big", "The image has far too many pixels."),
        (bomb(60_000, 60_000), "logo_too_big", "The image has far too many pixels."),
    ],
)
def test_everything_else_is_refused_with_what_to_upload_instead(content, code, words):
    with pytest.raises(Refused, match="Upload a PNG, JPEG or WebP") as refusal:
        logos.accept(upload(content))
    assert (refusal.value.code, refusal.value.field) == (code, "logo")
    assert refusal.value.message.startswith(words)
    assert not Logo.objects.exists()


def test_an_animated_picture_is_refused():
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(Refused, match="animated"):
        logos.accept(upload(out.getvalue()))


def test_a_bomb_is_judged_by_its_header():
    began = time.process_time()
    with pytest.raises(Refused):
        logos.accept(upload(bomb(20_000, 20_000)))
    assert time.process_time() - began < 1

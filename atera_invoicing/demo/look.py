"""The letterhead of Northwind IT, with a logo that is drawn here."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

from PIL import Image, ImageDraw, ImageFont

from whitelabel.models import Branding, Logo

BLUE, SKY, INK = "#0b4f9e", "#5cb3ff", "#12263f"
SIZE = (780, 240)
SCALE = 3  # drawn larger and reduced, for smooth edges


def write(*, now: dt.datetime) -> Branding:
    """The first version of the look."""
    png = logo()
    return Branding.objects.create(
        logo=Logo.objects.create(
            png=png, width=SIZE[0], height=SIZE[1], sha256=hashlib.sha256(png).hexdigest()
        ),
        color=BLUE,
        company_name="Northwind IT",
        company_address="2101 Fourth Avenue, Suite 900\nSeattle, WA 98121\nUSA",
        company_email="billing@northwind-it.example",
        company_phone="+1 206 555 0142",
        company_website="northwind-it.example",
        tax_number="EIN 91-1144442",
        payment_instructions="Northwind IT, Evergreen Bank\nAccount 000123456789\n"
        "Please quote the invoice number.",
        terms="Payable within the days stated above. Hardware stays ours until it is paid.",
        footer="Northwind IT LLC · Seattle · Your computers, quietly looked after",
        paper=Branding.Paper.LETTER,
        number_prefix="NW-",
        created_at=now,
    )


def logo() -> bytes:
    """A compass needle and the name, as PNG."""
    image = Image.new("RGBA", (SIZE[0] * SCALE, SIZE[1] * SCALE), (255, 255, 255, 0))
    pen = ImageDraw.Draw(image)
    _compass(pen, middle=120 * SCALE, radius=92 * SCALE)
    left = 250 * SCALE
    pen.text((left, 44 * SCALE), "Northwind", fill=INK, font=ImageFont.load_default(104 * SCALE))
    pen.text((left + 6 * SCALE, 156 * SCALE), "I T   S E R V I C E S", fill=BLUE,
             font=ImageFont.load_default(40 * SCALE))  # fmt: skip
    out = io.BytesIO()
    image.resize(SIZE, Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _compass(pen: ImageDraw.ImageDraw, *, middle: int, radius: int) -> None:
    def point(dx: float, dy: float) -> tuple[float, float]:
        return middle + dx * radius, middle + dy * radius

    pen.ellipse([*point(-1, -1), *point(1, 1)], fill=BLUE)
    pen.ellipse([*point(-0.86, -0.86), *point(0.86, 0.86)], fill="white")
    pen.polygon([point(0.55, -0.55), point(-0.17, -0.17), point(0.17, 0.17)], fill=BLUE)
    pen.polygon([point(-0.55, 0.55), point(-0.17, -0.17), point(0.17, 0.17)], fill=SKY)
    pen.ellipse([*point(-0.1, -0.1), *point(0.1, 0.1)], fill="white")

"""The look of documents, as versions that never change."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models


class Logo(models.Model):
    """A logo as we re-encoded it: PNG, stripped of everything but its pixels. Never changed."""

    png = models.BinaryField()
    width = models.PositiveIntegerField(help_text="Pixels.")
    height = models.PositiveIntegerField(help_text="Pixels.")
    sha256 = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


class Branding(models.Model):
    """One version of the look. Saving the page adds a version; an issued invoice keeps the one
    it was issued with.
    """

    class Paper(models.TextChoices):
        A4 = "A4", "A4"
        LETTER = "Letter", "US Letter"

    logo = models.ForeignKey(Logo, models.PROTECT, null=True, blank=True, related_name="brandings")
    color = models.CharField(
        "colour",
        max_length=7,
        default="#1f5eff",
        validators=[
            RegexValidator(
                r"^#[0-9a-fA-F]{6}\Z", "Write the colour as #rrggbb, for example #1f5eff."
            )
        ],
    )
    company_name = models.CharField(max_length=120, default="Your company")
    company_address = models.TextField(max_length=600, blank=True, help_text="A row per line.")
    company_email = models.EmailField("company e-mail", blank=True)
    company_phone = models.CharField(max_length=40, blank=True)
    company_website = models.CharField(max_length=120, blank=True)
    tax_number = models.CharField(
        max_length=60, blank=True, help_text="VAT, GST or EIN, printed with its label."
    )
    title = models.CharField("document title", max_length=40, default="Invoice")
    payment_instructions = models.TextField(max_length=1500, blank=True)
    terms = models.TextField(max_length=3000, blank=True)
    footer = models.CharField(max_length=300, blank=True)
    paper = models.CharField(max_length=6, choices=Paper.choices, default=Paper.A4)
    date_format = models.CharField(
        max_length=12,
        default="j M Y",
        choices=[
            ("j M Y", "5 Nov 2026"),
            ("M j, Y", "Nov 5, 2026"),
            ("Y-m-d", "2026-11-05"),
            ("d/m/Y", "05/11/2026"),
            ("m/d/Y", "11/05/2026"),
        ],
    )
    number_prefix = models.CharField(
        max_length=12,
        default="INV-",
        blank=True,
        help_text="Before the number; {YYYY} stands for the year and starts a new count each year.",
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9/_.{}-]*\Z",
                "Use letters, digits and - _ / . only, and {YYYY} for the year.",
            )
        ],
    )
    number_width = models.PositiveSmallIntegerField("digits in the number", default=5)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        get_latest_by = "id"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(number_width__gte=1, number_width__lte=10),
                name="branding_number_width",
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.pk}"

    @classmethod
    def current(cls) -> Branding:
        """The newest version; the first is made with its defaults."""
        latest = cls.objects.select_related("logo").order_by("-id").first()
        return latest or cls.objects.create(created_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))

"""Taxes, categories and everything that has a price."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models.functions import Lower, Trim
from simple_history.models import HistoricalRecords


class TaxRate(models.Model):
    """A named tax. An exemption is a tax of 0 %, so that it can override another."""

    name = models.CharField(max_length=60)
    percent = models.DecimalField(max_digits=7, decimal_places=4, help_text="8 stands for 8 %.")
    is_default = models.BooleanField("default for lines that are typed in", default=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower(Trim("name")),
                name="tax_rate_name_unique",
                violation_error_message="A tax with this name already exists.",
            ),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="tax_rate_one_default",
                violation_error_message="Another tax is the default.",
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100),
                name="tax_rate_percent_range",
                violation_error_message="The percent must be between 0 and 100.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.percent.normalize():f} %)"

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Being the default is never a clash: the verb that saves this takes it from the other."""
        super().validate_constraints(exclude={*(exclude or ()), "is_default"})


class Category(models.Model):
    """A group of catalogue items. Its tax applies to items that name none."""

    name = models.CharField(max_length=60)
    tax_rate = models.ForeignKey(
        TaxRate, models.PROTECT, null=True, blank=True, related_name="categories"
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(
                Lower(Trim("name")),
                name="category_name_unique",
                violation_error_message="A category with this name already exists.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CatalogItemQuerySet(models.QuerySet["CatalogItem"]):
    def active(self) -> CatalogItemQuerySet:
        return self.filter(archived_at__isnull=True)


class CatalogItem(models.Model):
    """A service (priced per hour or period), a product or an expense."""

    class Kind(models.TextChoices):
        SERVICE = "service", "Service"
        PRODUCT = "product", "Product"
        EXPENSE = "expense", "Expense"

    class Unit(models.TextChoices):
        HOUR = "hour", "hour"
        PERIOD = "period", "period"
        EACH = "each", "each"
        DEVICE = "device", "device"
        GB = "GB", "GB"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=100)
    description = models.TextField(
        max_length=1000, blank=True, help_text="Printed on invoices below the name."
    )
    sku = models.CharField("SKU", max_length=40, blank=True)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="items"
    )
    unit = models.CharField(max_length=6, choices=Unit.choices, default=Unit.EACH)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    named_elsewhere = models.BooleanField(
        default=False, editable=False, help_text="It follows its name in the accounting system."
    )
    priced_elsewhere = models.BooleanField(
        default=False, editable=False, help_text="The accounting system keeps its price."
    )
    tax_rate = models.ForeignKey(
        TaxRate, models.PROTECT, null=True, blank=True, related_name="items"
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = HistoricalRecords()

    objects = CatalogItemQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower(Trim("name")),
                "kind",
                condition=models.Q(archived_at__isnull=True),
                name="catalog_item_name_unique",
                violation_error_message="An item of this kind and name already exists.",
            ),
            models.UniqueConstraint(
                Lower(Trim("sku")),
                condition=models.Q(archived_at__isnull=True) & ~models.Q(sku=""),
                name="catalog_item_sku_unique",
                violation_error_message="Another item has this SKU.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["service", "product", "expense"]),
                name="catalog_item_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(unit_price__gte=0),
                name="catalog_item_price_positive",
                violation_error_message="The price can't be negative. Give a discount instead.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def own_tax(self) -> TaxRate | None:
        """The item's tax, else its category's."""
        return self.tax_rate or (self.category.tax_rate if self.category else None)

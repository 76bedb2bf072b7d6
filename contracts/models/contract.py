"""Contracts: what was agreed with a customer, at which rates, and what a block still holds."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from atera_invoicing.models import Level
from customers.models import Customer

from .catalog import CatalogItem, TaxRate


class ContractQuerySet(models.QuerySet["Contract"]):
    def active(self) -> ContractQuerySet:
        return self.filter(is_active=True)


class Contract(models.Model):
    """An agreement of one of eight types. The type never changes; prices come from its `rates`.

    The row is also the lock of its money: whoever changes what it owes, and whoever bills it, locks
    it first (`contracts.locks`).
    """

    class Type(models.TextChoices):
        RETAINER = "retainer", "Retainer / flat fee"
        HOURLY = "hourly", "Hourly"
        BLOCK_HOURS = "block_hours", "Block hours"
        BLOCK_MONEY = "block_money", "Block money"
        MONITORING = "monitoring", "Remote monitoring"
        BACKUP = "backup", "Online backup"
        PROJECT_FIXED = "project_fixed", "Project, one-time fee"
        PROJECT_HOURLY = "project_hourly", "Project, hourly"

    class Period(models.TextChoices):
        WEEKLY = "weekly", "Weekly"
        BIWEEKLY = "biweekly", "Every two weeks"
        MONTHLY = "monthly", "Monthly"
        QUARTERLY = "quarterly", "Quarterly"
        HALF_YEARLY = "half_yearly", "Twice a year"
        YEARLY = "yearly", "Yearly"
        WHOLE = "whole", "The whole contract"
        ON_DEMAND = "on_demand", "On demand"
        ONCE = "once", "Once"

    class Anchor(models.TextChoices):
        START = "start", "The contract's start date"
        CALENDAR = "calendar", "The calendar"

    class Timing(models.TextChoices):
        ARREARS = "arrears", "After the period"
        ADVANCE = "advance", "In advance"

    class RoundingScope(models.TextChoices):
        ENTRY = "entry", "each time entry"
        TICKET = "ticket", "each ticket"
        TICKET_DAY = "ticket_day", "each ticket and day"

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contracts")
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=14, choices=Type.choices)
    start_date = models.DateField()
    end_date = models.DateField(null=True, blank=True, help_text="The last day. Empty: open-ended.")
    is_active = models.BooleanField("active", default=True)
    is_default = models.BooleanField("default for this customer's new tickets", default=False)
    tax_rate = models.ForeignKey(
        TaxRate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contracts",
        verbose_name="tax",
        help_text="Empty: not taxable.",
    )
    period = models.CharField(
        "billing period", max_length=12, choices=Period.choices, default=Period.MONTHLY
    )
    anchor = models.CharField(
        "periods follow", max_length=8, choices=Anchor.choices, default=Anchor.START
    )
    timing = models.CharField(
        "billed", max_length=8, choices=Timing.choices, default=Timing.ARREARS
    )
    prorate = models.BooleanField("charge incomplete periods by the day", default=False)
    level = models.CharField(
        "invoice level",
        max_length=8,
        choices=Level.choices,
        blank=True,
        help_text="Empty: as for everybody.",
    )
    rounding_increment = models.PositiveSmallIntegerField(
        "round time up to",
        default=1,
        choices=[
            (1, "the minute"),
            (5, "5 minutes"),
            (6, "6 minutes"),
            (10, "10 minutes"),
            (15, "15 minutes"),
            (30, "30 minutes"),
            (60, "1 hour"),
        ],
    )
    rounding_minimum = models.PositiveSmallIntegerField("minimum, in minutes", default=0)
    rounding_scope = models.CharField(
        "rounding applies to",
        max_length=10,
        choices=RoundingScope.choices,
        default=RoundingScope.ENTRY,
    )
    quantity = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=1,
        validators=[MinValueValidator(0)],
        help_text="How many times the fee is charged per period.",
    )
    included = models.DecimalField(
        "included per period",
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Block hours: hours.",
    )
    rollover = models.BooleanField("unused balance rolls over", default=False)
    notes = models.TextField("internal notes", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords()

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["customer__name", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(is_default=True),
                name="contract_one_default",
                violation_error_message="Another contract is this customer's default.",
            ),
            models.UniqueConstraint(
                fields=["customer", "name"],
                name="contract_name_unique",
                violation_error_message="This customer already has a contract with this name.",
            ),
            models.CheckConstraint(
                condition=models.Q(end_date__isnull=True)
                | models.Q(end_date__gte=models.F("start_date")),
                name="contract_dates_in_order",
                violation_error_message="The end date lies before the start date.",
            ),
            models.CheckConstraint(
                condition=models.Q(type__in=["project_fixed", "project_hourly"], period="once")
                | models.Q(type="hourly") & ~models.Q(period="once")
                | ~models.Q(type__in=["project_fixed", "project_hourly", "hourly"])
                & ~models.Q(period__in=["once", "on_demand"]),
                name="contract_period_fits_type",
                violation_error_message=(
                    "This billing period is not possible for this type of contract."
                ),
            ),
            models.CheckConstraint(
                condition=~models.Q(period="whole") | models.Q(end_date__isnull=False),
                name="contract_whole_needs_end",
                violation_error_message="To bill the whole contract at once, give it an end date.",
            ),
            models.CheckConstraint(
                condition=~models.Q(type="block_hours")
                | models.Q(included__isnull=False, included__gt=0),
                name="contract_block_has_hours",
                violation_error_message="Say how many hours the block includes per period.",
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0),
                name="contract_quantity_positive",
                violation_error_message="The quantity can't be negative.",
            ),
            models.CheckConstraint(
                condition=models.Q(rounding_increment__in=[1, 5, 6, 10, 15, 30, 60]),
                name="contract_rounding_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Being the default is never a clash: the verb that saves this takes it from the other."""
        super().validate_constraints(exclude={*(exclude or ()), "is_default"})

    @property
    def is_block(self) -> bool:
        return self.type in (self.Type.BLOCK_HOURS, self.Type.BLOCK_MONEY)

    @property
    def is_project(self) -> bool:
        return self.type in (self.Type.PROJECT_FIXED, self.Type.PROJECT_HOURLY)


class ContractRate(models.Model):
    """A catalogue item used by a contract, in a role.

    Which roles a type has: retainer fee; hourly primary, additional; block_hours block (price per
    hour), overage; block_money fee (the amount), primary, additional, overage; monitoring device,
    one per counted class; backup storage, one per counted class; project_fixed fee; project_hourly
    primary, additional.
    """

    class Role(models.TextChoices):
        FEE = "fee", "Fee"
        PRIMARY = "primary", "Primary rate"
        ADDITIONAL = "additional", "Additional rate"
        BLOCK = "block", "Block price per hour"
        OVERAGE = "overage", "Overage rate"
        DEVICE = "device", "Price per device"
        STORAGE = "storage", "Price per GB"

    class Counted(models.TextChoices):
        PCS = "pcs", "PCs"
        SERVERS = "servers", "Servers"
        MACS = "macs", "Macs"
        OTHER = "other", "Other devices"
        AGENTS = "agents", "All agents"
        ALL = "all", "All devices"
        PCS_GB = "pcs_gb", "PCs, GB"
        SERVERS_GB = "servers_gb", "Servers, GB"
        TOTAL_GB = "total_gb", "Total GB"

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="rates")
    role = models.CharField(max_length=10, choices=Role.choices)
    item = models.ForeignKey(CatalogItem, models.PROTECT, related_name="contract_rates")
    unit_price = models.DecimalField(
        "own price",
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Empty: the catalogue's price.",
    )
    counted = models.CharField(max_length=10, choices=Counted.choices, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "role"],
                condition=models.Q(role__in=["fee", "primary", "block", "overage"]),
                name="contract_rate_role_once",
                violation_error_message="The contract already has a rate in this role.",
            ),
            models.UniqueConstraint(
                fields=["contract", "role", "item"],
                condition=models.Q(role="additional"),
                name="contract_rate_item_once",
                violation_error_message="The contract already has this rate.",
            ),
            models.UniqueConstraint(
                fields=["contract", "counted"],
                condition=~models.Q(counted=""),
                name="contract_rate_class_once",
                violation_error_message="The contract already counts this class.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["device", "storage"]) & ~models.Q(counted="")
                | ~models.Q(role__in=["device", "storage"]) & models.Q(counted=""),
                name="contract_rate_class_fits_role",
                violation_error_message="Say what is counted, for device and storage rates only.",
            ),
            models.CheckConstraint(
                condition=models.Q(unit_price__isnull=True) | models.Q(unit_price__gte=0),
                name="contract_rate_price_positive",
                violation_error_message="The price can't be negative.",
            ),
        ]

    def __str__(self) -> str:
        return self.item.name

    @property
    def price(self) -> Any:
        """The price in force: the contract's own, else the catalogue's."""
        return self.item.unit_price if self.unit_price is None else self.unit_price


class BlockMovement(models.Model):
    """One entry of a block's ledger: hours or money (see the contract's type) in or out. Never
    changed.

    The balance is the sum of `quantity`. A period that is billed adds `included`, `used` and,
    without rollover, `expired`; freeing that bill adds the same rows with the opposite sign.
    """

    class Kind(models.TextChoices):
        INCLUDED = "included", "Included in the period"
        USED = "used", "Used"
        EXPIRED = "expired", "Expired, no rollover"
        TOP_UP = "top_up", "Top-up"
        ADJUSTMENT = "adjustment", "Adjustment"

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="movements", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    period_start = models.DateField(help_text="First day of the period it belongs to.")
    quantity = models.DecimalField(
        max_digits=14, decimal_places=4, help_text="Positive in, negative out."
    )
    note = models.CharField(max_length=200, blank=True)
    invoice_uid = models.UUIDField(null=True, editable=False, help_text="The bill that caused it.")
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, editable=False, related_name="reversed_by"
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["period_start", "id"]
        indexes = [models.Index(fields=["contract", "period_start"], name="movement_by_contract")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("A movement is never changed; add one with the opposite sign.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("A movement is never deleted; add one with the opposite sign.")


class UsageCount(models.Model):
    """How many devices, or GB, a contract had on a day. The latest on or before a period's end
    counts.
    """

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="usage")
    counted = models.CharField(max_length=10, choices=ContractRate.Counted.choices)
    counted_on = models.DateField()
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["-counted_on", "counted"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "counted", "counted_on"],
                name="usage_once_a_day",
                violation_error_message=(
                    "There is already a count for this class and day. Change that one."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0),
                name="usage_positive",
                violation_error_message="A count can't be negative.",
            ),
        ]

    def __str__(self) -> str:
        counted = self.get_counted_display()
        return f"{self.quantity.normalize():f} {counted} on {self.counted_on}"

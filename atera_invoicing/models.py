"""People, keys and the options of this installation."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from . import money
from .roles import Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An owner. There is no power beyond the role table, and no admin site."""
        return self.create_user(email, password, **{"role": Role.OWNER, **fields})


class User(AbstractUser):
    """A person of the MSP. What they may do follows from `role` alone, see roles.py."""

    username = None  # type: ignore[assignment]
    is_staff = None
    email = models.EmailField("e-mail address", unique=True)
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.READ_ONLY)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="Somebody already has this e-mail address.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="user_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class ApiKey(models.Model):
    """A key for a program. Only its SHA-256 is kept; the text is shown once, when it is made."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80, help_text="Where the key is used.")
    prefix = models.CharField(
        max_length=16, help_text="The first characters, to recognise the key by."
    )
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(
        max_length=8, choices=[("read", "Read only"), ("write", "Read and write")], default="read"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotentRequest(models.Model):
    """The stored answer to a POST that carried an `Idempotency-Key`, so that a repeat creates
    nothing.
    """

    user = models.ForeignKey(User, models.CASCADE)
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField(
        null=True, help_text="Empty while the first request runs."
    )
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]


class Level(models.TextChoices):
    """How finely an invoice describes labour."""

    CONTRACT = "contract", "Contract"
    TICKET = "ticket", "Ticket"
    ENTRY = "entry", "Time entry"


class TaxMethod(models.TextChoices):
    PER_LINE = money.PER_LINE, "Each line is rounded (as Xero)"
    PER_RATE = money.PER_RATE, "Once per tax rate (as QuickBooks)"


class RecipientRule(models.TextChoices):
    """Where the e-mail address of an invoice comes from."""

    MAIN_CONTACT = "main_contact", "Main contact, else the first contact with an address"
    BILLING_CONTACT = "billing_contact", "Billing contact, else as main contact"
    ACCOUNTING_SYSTEM = "accounting_system", "The accounting system's own address"
    NONE = "none", "No address"


class Installation(models.Model):
    """The options of this installation: exactly one row (`Installation.current()`)."""

    class TicketPeriod(models.TextChoices):
        RESOLVED = "resolved", "The day the ticket was resolved"
        WORK_DATE = "work_date", "The day the work was done"

    singleton = models.BooleanField(default=True, unique=True, editable=False)
    currency = models.CharField(
        max_length=3, default="USD", help_text="ISO 4217 code, for new invoices."
    )
    level = models.CharField(
        "default level", max_length=8, choices=Level.choices, default=Level.TICKET
    )
    tax_method = models.CharField(
        max_length=8, choices=TaxMethod.choices, default=TaxMethod.PER_LINE
    )
    ticket_period = models.CharField(
        "a ticket belongs to the period of",
        max_length=10,
        choices=TicketPeriod.choices,
        default=TicketPeriod.RESOLVED,
    )
    recipient_rule = models.CharField(
        "invoice e-mail goes to",
        max_length=20,
        choices=RecipientRule.choices,
        default=RecipientRule.MAIN_CONTACT,
    )
    payment_days = models.PositiveSmallIntegerField("days to pay", default=30)
    zero_invoices = models.BooleanField("create invoices of 0.00", default=False)
    show_no_charge = models.BooleanField("show work without charge on the invoice", default=False)
    show_dates = models.BooleanField("show the work date on time-entry lines", default=False)
    show_technician = models.BooleanField("show the technician on time-entry lines", default=False)
    connected_to = models.CharField(
        max_length=40,
        blank=True,
        editable=False,
        help_text="Name of the accounting system that now keeps the catalogue; empty: we do.",
    )
    taxes_elsewhere = models.BooleanField(
        default=False, editable=False, help_text="It keeps the taxes, too."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(singleton=True), name="installation_only_one")
        ]

    def __str__(self) -> str:
        return "Options"

    @classmethod
    def current(cls) -> Installation:
        """The one row, made with its defaults on first use."""
        return cls.objects.get_or_create(singleton=True)[0]


class Upload(models.Model):
    """A file that somebody chose to import, kept from the dry run to the result, for a day."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200, help_text="File name, as it was.")
    content = models.BinaryField(help_text="Emptied once it is imported.")
    by = models.ForeignKey(User, models.CASCADE, related_name="uploads")
    created_at = models.DateTimeField(db_index=True)
    imported_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict, help_text="How many rows did what.")

    def __str__(self) -> str:
        return self.name


class Leased(models.Model):
    """A row that is a job: whoever holds the lease works on it, and a dead holder's lease runs out.

    Messages may be lost, late or repeated; `leases.claim` decides who works.
    """

    run_at = models.DateTimeField(
        null=True, help_text="Due from then on; empty when nothing is to do."
    )
    lease_until = models.DateTimeField(null=True)
    owner = models.CharField(max_length=64, default="", blank=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

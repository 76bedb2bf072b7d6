"""Customers and their contacts."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Trim
from simple_history.models import HistoricalRecords


class CustomerQuerySet(models.QuerySet["Customer"]):
    def active(self) -> CustomerQuerySet:
        return self.filter(archived_at__isnull=True)

    def unreachable(self) -> CustomerQuerySet:
        """None of whose contacts has an e-mail address."""
        reached = Contact.objects.active().exclude(email="").values("customer")
        return self.exclude(pk__in=reached)

    def ids_named(self, text: str) -> list[int] | models.QuerySet:
        """Those with this in their name, for `customer__in`.

        A list, which a database can combine with its other indexes as it can't a join; of more
        than a thousand the query, since so many are soon met anyway.
        """
        ids = self.filter(name__icontains=text).order_by().values_list("pk", flat=True)
        found = list(ids[:1001])
        return found if len(found) <= 1000 else ids


class Customer(models.Model):
    """A client company of the MSP. Archived instead of deleted once anything refers to it."""

    name = models.CharField(max_length=100)
    reference = models.CharField(max_length=40, blank=True, help_text="Your own customer number.")
    street = models.CharField(max_length=200, blank=True)
    street2 = models.CharField("street, second row", max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    region = models.CharField("state or region", max_length=80, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    payment_days = models.PositiveSmallIntegerField(
        "days to pay", null=True, blank=True, help_text="Empty: as for everybody."
    )
    notes = models.TextField("internal notes", blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords()

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["name", "id"], name="customer_by_name")]
        constraints = [
            models.UniqueConstraint(
                Lower(Trim("name")),
                name="customer_name_unique",
                violation_error_message="A customer with this name already exists.",
            ),
            models.UniqueConstraint(
                fields=["reference"],
                condition=~models.Q(reference=""),
                name="customer_reference_unique",
                violation_error_message="Another customer has this reference.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """The postal address, a row per line, empty rows left out."""
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        rows = (
            self.street,
            self.street2,
            ", ".join(p for p in (town, self.region) if p),
            self.country,
        )
        return "\n".join(row for row in rows if row)


class ContactQuerySet(models.QuerySet["Contact"]):
    def active(self) -> ContactQuerySet:
        return self.filter(archived_at__isnull=True)


class Contact(models.Model):
    """A person at a customer. Several may be main contacts; the oldest comes first."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts")
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80, blank=True)
    email = models.CharField("e-mail", max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    job_title = models.CharField(max_length=80, blank=True)
    is_main = models.BooleanField("main contact", default=False)
    is_billing = models.BooleanField("billing contact", default=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = HistoricalRecords()

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

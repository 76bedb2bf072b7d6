"""Which record of ours is which record of theirs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from contracts.models import CatalogItem, TaxRate
from customers.models import Customer

from .connection import Connection


class Link(models.Model):
    """What becomes of one record on one connection. Staged while the connection is a draft.

    `link`: it is `remote_id`. `create`: the first export that needs it creates it there. `import`:
    it exists only there, and the commit makes ours. `skip`: it stays out; exporting it is refused.
    """

    class Action(models.TextChoices):
        LINK = "link", "Link"
        CREATE = "create", "Create there"
        IMPORT = "import", "Import"
        SKIP = "skip", "Leave out"

    class Origin(models.TextChoices):
        EXACT = "exact", "Same name"
        CODE = "code", "Same SKU"
        FUZZY = "fuzzy", "Similar name"
        EARLIER = "earlier", "Linked before"
        PERSON = "person", "Chosen"
        CREATED = "created", "Created by us"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=8, help_text="A port.Kind.")
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="links")
    item = models.ForeignKey(CatalogItem, models.PROTECT, null=True, related_name="links")
    tax_rate = models.ForeignKey(TaxRate, models.PROTECT, null=True, related_name="links")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="links"
    )
    action = models.CharField(max_length=6, choices=Action.choices)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    remote_id = models.CharField(max_length=64, blank=True)
    remote_name = models.CharField(max_length=500, blank=True)
    confirmed = models.BooleanField(default=False, help_text="A fuzzy one needs a person.")
    their_price = models.BooleanField(
        default=False, help_text="Items: take the provider's price at commit."
    )
    score = models.PositiveSmallIntegerField(default=0, help_text="Likeness in percent.")
    key = models.UUIDField(
        null=True, help_text="Request key of its creation there, fixed before the first try."
    )
    sent_as = models.JSONField(
        null=True, help_text="The record as it was first sent under this key."
    )
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "customer"],
                condition=Q(customer__isnull=False),
                name="link_customer_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "item"],
                condition=Q(item__isnull=False),
                name="link_item_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "tax_rate"],
                condition=Q(tax_rate__isnull=False),
                name="link_tax_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "person"],
                condition=Q(person__isnull=False),
                name="link_person_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "remote_id"],
                condition=Q(kind="customer", action__in=["link", "import"]) & ~Q(remote_id=""),
                name="link_remote_customer_once",
                violation_error_message="Another customer is linked with this one already.",
            ),
            models.CheckConstraint(
                condition=Q(action__in=["link", "import"]) & ~Q(remote_id="")
                | Q(action__in=["create", "skip"]),
                name="link_has_remote",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="customer", item__isnull=True, tax_rate__isnull=True, person__isnull=True
                )
                | Q(kind="item", customer__isnull=True, tax_rate__isnull=True, person__isnull=True)
                | Q(kind="tax", customer__isnull=True, item__isnull=True, person__isnull=True)
                | Q(kind="person", customer__isnull=True, item__isnull=True, tax_rate__isnull=True),
                name="link_fits_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.local or self.remote_name} → {self.remote_name or self.get_action_display()}"

    @property
    def local(self) -> models.Model | None:
        """Our record; None for one that is still to be imported."""
        return self.customer or self.item or self.tax_rate or self.person

"""Which invoice line bills which work. A unique index each makes double billing impossible."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from contracts.models import Contract, TicketItem, TimeEntry


class Claim(models.Model):
    """A line bills exactly one source: part of a time entry, a ticket item, or a contract's period.

    Unbilled means: no live claim. `part` 0 is always there; an entry that crosses a block's limit
    has a part 1 for the rest. Voiding sets `released_at` (the trail stays, the work is free);
    deleting a draft removes the row. An edit may drop a line and keep its work billed: then `line`
    is empty and `invoice_id` still says where.

    Time that was pushed to the accounting system without an invoice is claimed as well, by the
    export that took it (`pushed`), so that it can't also be invoiced.
    """

    invoice = models.ForeignKey(
        "invoices.Invoice", models.CASCADE, null=True, related_name="claims", db_index=True
    )
    pushed = models.UUIDField(
        null=True, help_text="The export that took this time without an invoice."
    )
    line = models.ForeignKey(
        "invoices.InvoiceLine", models.SET_NULL, null=True, related_name="claims"
    )
    time_entry = models.ForeignKey(TimeEntry, models.PROTECT, null=True, related_name="claims")
    part = models.PositiveSmallIntegerField(default=0)
    ticket_item = models.ForeignKey(TicketItem, models.PROTECT, null=True, related_name="claims")
    contract = models.ForeignKey(Contract, models.PROTECT, null=True, related_name="claims")
    period_start = models.DateField(null=True)
    quantity = models.DecimalField(
        max_digits=14, decimal_places=4, help_text="Hours of the entry on this line, or pieces."
    )
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["time_entry", "part"],
                condition=Q(time_entry__isnull=False, released_at__isnull=True),
                name="claim_entry_once",
            ),
            models.UniqueConstraint(
                fields=["ticket_item"],
                condition=Q(ticket_item__isnull=False, released_at__isnull=True),
                name="claim_item_once",
            ),
            models.UniqueConstraint(
                fields=["contract", "period_start"],
                condition=Q(contract__isnull=False, released_at__isnull=True),
                name="claim_period_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    time_entry__isnull=False,
                    ticket_item__isnull=True,
                    contract__isnull=True,
                    period_start__isnull=True,
                )
                | Q(
                    time_entry__isnull=True,
                    ticket_item__isnull=False,
                    contract__isnull=True,
                    period_start__isnull=True,
                )
                | Q(
                    time_entry__isnull=True,
                    ticket_item__isnull=True,
                    contract__isnull=False,
                    period_start__isnull=False,
                ),
                name="claim_one_source",
            ),
            models.CheckConstraint(
                condition=Q(invoice__isnull=False, pushed__isnull=True)
                | Q(invoice__isnull=True, pushed__isnull=False, time_entry__isnull=False),
                name="claim_has_one_owner",
            ),
        ]

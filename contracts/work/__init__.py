"""What may happen to tickets, time and the products and expenses used on tickets.

Each verb is one transaction that first locks the contract whose bill the work belongs to. A ticket
with billed work can't be reopened, moved to another contract or customer, deleted or added to, and
billed work can't change (all `Refused` "billed"), until the invoice is voided or the draft deleted.
"""

from .entries import change_time, delete_time, log_time, time_rates
from .items import add_item, change_item, delete_item
from .tickets import change_ticket, close, delete_ticket, open_ticket, reopen, resolve

__all__ = [
    "add_item",
    "change_item",
    "change_ticket",
    "change_time",
    "close",
    "delete_item",
    "delete_ticket",
    "delete_time",
    "log_time",
    "open_ticket",
    "reopen",
    "resolve",
    "time_rates",
]

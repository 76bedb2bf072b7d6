"""Facts, constraints and query sets; the verbs are in the modules beside this package."""

from .catalog import CatalogItem, Category, TaxRate
from .contract import BlockMovement, Contract, ContractRate, UsageCount
from .work import Ticket, TicketItem, TimeEntry

__all__ = [
    "BlockMovement",
    "CatalogItem",
    "Category",
    "Contract",
    "ContractRate",
    "TaxRate",
    "Ticket",
    "TicketItem",
    "TimeEntry",
    "UsageCount",
]

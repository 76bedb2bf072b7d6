"""REST: what things cost, what was agreed, what was done."""

from .agreements import BlockMovementViewSet, ContractViewSet, UsageCountViewSet
from .catalog import CatalogItemViewSet, CategoryViewSet, TaxRateViewSet
from .work import TicketItemViewSet, TicketViewSet, TimeEntryViewSet

__all__ = [
    "BlockMovementViewSet",
    "CatalogItemViewSet",
    "CategoryViewSet",
    "ContractViewSet",
    "TaxRateViewSet",
    "TicketItemViewSet",
    "TicketViewSet",
    "TimeEntryViewSet",
    "UsageCountViewSet",
]

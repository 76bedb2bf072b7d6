"""What files of contracts, tickets and time entries would do."""

from .agreements import Contracts
from .tickets import Tickets
from .time import TimeEntries

__all__ = ["Contracts", "Tickets", "TimeEntries"]

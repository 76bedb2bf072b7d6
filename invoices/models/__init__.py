"""Facts, constraints and query sets; the verbs are in the modules beside this package."""

from .batch import Batch, BatchPart, Download
from .claim import Claim
from .event import Event
from .invoice import Invoice, InvoiceLine, Status, status_of
from .payment import Payment
from .series import InvoiceNumber, NumberSeries

__all__ = [
    "Batch",
    "BatchPart",
    "Claim",
    "Download",
    "Event",
    "Invoice",
    "InvoiceLine",
    "InvoiceNumber",
    "NumberSeries",
    "Payment",
    "Status",
    "status_of",
]

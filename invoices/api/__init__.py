"""REST: batches, invoices and payments."""

from .batches import BatchViewSet
from .invoices import InvoiceViewSet
from .payments import PaymentViewSet

__all__ = ["BatchViewSet", "InvoiceViewSet", "PaymentViewSet"]

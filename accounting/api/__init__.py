"""REST of the accounting connection: the same verbs, filters and permissions as its pages."""

from .books import FindingViewSet, RemoteInvoiceViewSet
from .connections import ConnectionViewSet
from .exports import ExportViewSet
from .links import LinkViewSet, RecordViewSet

__all__ = [
    "ConnectionViewSet",
    "ExportViewSet",
    "FindingViewSet",
    "LinkViewSet",
    "RecordViewSet",
    "RemoteInvoiceViewSet",
]

from .connection import Connection, Consent, RemoteRecord
from .event import Bell, Finding, RemoteInvoice, Settlement
from .export import Attempt, Call, Export, PassedOver, Run
from .link import Link

__all__ = [
    "Attempt",
    "Bell",
    "Call",
    "Connection",
    "Consent",
    "Export",
    "Finding",
    "Link",
    "PassedOver",
    "RemoteInvoice",
    "RemoteRecord",
    "Run",
    "Settlement",
]

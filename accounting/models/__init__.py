from .connection import Connection, Consent, RemoteRecord
from .event import Bell, Finding, RemoteInvoice, Settlement
from .export import Attempt, Call, Export, Run
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
    "RemoteInvoice",
    "RemoteRecord",
    "Run",
    "Settlement",
]

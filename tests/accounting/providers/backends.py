"""What tests need of each provider: itself, and the hand of a person at its simulator.

A new provider is one more class with the methods of these, and its name in `BACKENDS`.
"""

from __future__ import annotations

from .backend import REDIRECT, TODAY, WEBHOOK_TOKEN, Backend
from .qbo_backend import Qbo
from .xero_backend import Xero

__all__ = ["BACKENDS", "REDIRECT", "TODAY", "WEBHOOK_TOKEN", "Backend", "Qbo", "Xero"]

BACKENDS: dict[str, type[Qbo | Xero]] = {"qbo": Qbo, "xero": Xero}

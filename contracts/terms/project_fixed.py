"""Project for a one-time fee: the fee is owed once, time is covered.

That is a retainer whose only period is the project; it can be billed once because its claim on that
period is unique.
"""

from __future__ import annotations

from .retainer import owed

__all__ = ["owed"]

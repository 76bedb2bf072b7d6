"""Which scope opens what, in both generations."""

from __future__ import annotations

from .switches import Switches

OPENID = ("openid", "profile", "email", "offline_access")
_TWINS = ("invoices", "payments", "banktransactions", "manualjournals")
SHARED = (
    "accounting.contacts", "accounting.settings", "accounting.attachments", "projects",
    "accounting.budgets", "files", "accounting.journals", "assets",
)  # fmt: skip
GRANULAR = tuple(f"accounting.{name}" for name in _TWINS)
BROAD = ("accounting.transactions", "accounting.reports")
REPORTS = tuple(
    f"accounting.reports.{name}.read"
    for name in ("aged", "balancesheet", "profitandloss", "trialbalance", "taxreports",
                 "executivesummary", "banksummary", "budgetsummary", "tenninetynine")
)  # fmt: skip

INVOICES, PAYMENTS, CONTACTS = "accounting.invoices", "accounting.payments", "accounting.contacts"
SETTINGS, ATTACHMENTS, PROJECTS = "accounting.settings", "accounting.attachments", "projects"
ITEMS = "items"


def known(switches: Switches) -> set[str]:
    """All scopes that an app of this generation may ask for."""
    generation = switches.app_generation
    granular = GRANULAR if generation != "broad" else ()
    broad = BROAD if generation != "granular" else ()
    names = {*SHARED, *granular, *broad}
    reports = REPORTS if generation != "broad" else ()
    return {*names, *(f"{name}.read" for name in names), *OPENID, *reports}


def allows(granted: list[str], needed: str, *, writing: bool, switches: Switches) -> bool:
    """Whether one of the granted scopes opens a resource. Whoever may write may read."""
    names = {needed}
    if needed == ITEMS:
        names = {SETTINGS}
        if switches.items_scope == "either":
            names |= {INVOICES, "accounting.transactions"}
    if needed in (INVOICES, PAYMENTS):
        names.add("accounting.transactions")
    if not writing:
        names |= {f"{name}.read" for name in set(names)}
    return bool(names & set(granted))

"""Every address of the accounting API that is simulated: its scope, its parameters, its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..wire import Response
from . import extras, reads, writes
from .organisation import Doc
from .refusals import Refusal, not_simulated
from .scopes import ATTACHMENTS, CONTACTS, INVOICES, ITEMS, PAYMENTS, SETTINGS

if TYPE_CHECKING:
    pass

Work = Callable[..., "Doc | Response"]
PAGED = ("where", "order", "page", "pageSize")


@dataclass(frozen=True)
class Route:
    """One address. `raw` ones answer or take other things than JSON."""

    method: str
    path: tuple[str, ...]
    scope: str
    work: Work
    parameters: tuple[str, ...] = ()
    raw: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} /{'/'.join(self.path)}"


def find(method: str, path: list[str]) -> tuple[Route, list[str]]:
    """The route, and the ids in the path. 501 for what is not simulated."""
    for route in ROUTES:
        if route.method == method and len(route.path) == len(path):
            pairs = list(zip(route.path, path, strict=True))
            if all(own == "*" or own.lower() == sent.lower() for own, sent in pairs):
                return route, [sent for own, sent in pairs if own == "*"]
    if any(len(route.path) == len(path) and _fits(route, path) for route in ROUTES):
        raise Refusal(Response(405, b"", "text/html; charset=utf-8"))
    raise not_simulated(f"there is no {method} /{'/'.join(path)} here")


def _fits(route: Route, path: list[str]) -> bool:
    pairs = zip(route.path, path, strict=True)
    return all(own == "*" or own.lower() == sent.lower() for own, sent in pairs)


def _route(line: str, scope: str, work: Work, *parameters: str, raw: bool = False) -> Route:
    method, _, path = line.partition(" ")
    return Route(method, tuple(path.split("/")), scope, work, parameters, raw)


def _both(path: str, scope: str, put: Work, post: Work, *parameters: str) -> list[Route]:
    return [
        _route(f"PUT {path}", scope, put, *parameters),
        _route(f"POST {path}", scope, post, *parameters),
    ]


SUM = "summarizeErrors"
ROUTES: list[Route] = [
    _route("GET Organisation", SETTINGS, reads.organisation),
    _route("GET Organisation/Actions", SETTINGS, reads.actions),
    _route("GET Accounts", SETTINGS, reads.listed("Account"), "where", "order"),
    _route("GET Accounts/*", SETTINGS, reads.single("Account")),
    _route("GET TaxRates", SETTINGS, reads.listed("TaxRate"), "where", "order"),
    _route("GET TaxRates/*", SETTINGS, reads.single("TaxRate")),
    _route("GET TrackingCategories", SETTINGS, reads.listed("TrackingCategory"), "where", "order",
           "includeArchived"),
    _route("GET TrackingCategories/*", SETTINGS, reads.single("TrackingCategory")),
    _route("GET BrandingThemes", SETTINGS, reads.listed("BrandingTheme")),
    _route("GET BrandingThemes/*", SETTINGS, reads.single("BrandingTheme")),
    _route("GET Currencies", SETTINGS, reads.listed("Currency"), "where", "order"),
    _route("GET Users", SETTINGS, reads.listed("User"), "where", "order"),
    _route("GET Items", ITEMS, reads.listed("Item"), "where", "order", "unitdp"),
    _route("GET Items/*", ITEMS, reads.single("Item"), "unitdp"),
    _route("GET Contacts", CONTACTS, reads.contacts, *PAGED, "IDs", "includeArchived",
           "summaryOnly", "searchTerm"),
    _route("GET Contacts/*", CONTACTS, reads.single("Contact")),
    _route("GET Invoices", INVOICES, reads.invoices, *PAGED, "IDs", "InvoiceNumbers",
           "ContactIDs", "Statuses", "includeArchived", "createdByMyApp", "unitdp", "summaryOnly",
           "searchTerm", "references"),
    _route("GET Invoices/*", INVOICES, reads.invoice, "unitdp"),
    _route("GET Invoices/*/OnlineInvoice", INVOICES, extras.online_invoice),
    _route("GET Invoices/*/History", INVOICES, extras.history),
    _route("GET Invoices/*/Attachments", ATTACHMENTS, extras.attachments),
    _route("GET Invoices/*/Attachments/*", ATTACHMENTS, extras.attachment, raw=True),
    _route("GET CreditNotes", INVOICES, reads.credit_notes, *PAGED, "unitdp"),
    _route("GET CreditNotes/*", INVOICES, reads.single("CreditNote"), "unitdp"),
    _route("GET CreditNotes/*/History", INVOICES, extras.history),
    _route("GET Contacts/*/History", CONTACTS, extras.history),
    _route("GET Payments", PAYMENTS, reads.payments, *PAGED),
    _route("GET Payments/*", PAYMENTS, reads.single("Payment")),
    _route("GET Prepayments", PAYMENTS, reads.none("Prepayments"), *PAGED, "unitdp"),
    _route("GET Overpayments", PAYMENTS, reads.none("Overpayments"), *PAGED, "unitdp"),
    *_both("Invoices", INVOICES, writes.put_invoices, writes.post_invoices, SUM, "unitdp"),
    _route("POST Invoices/*", INVOICES, writes.post_invoice, "unitdp"),
    _route("POST Invoices/*/Email", INVOICES, extras.email),
    _route("PUT Invoices/*/History", INVOICES, extras.add_history),
    _route("PUT Invoices/*/Attachments/*", ATTACHMENTS, extras.attach, "IncludeOnline", raw=True),
    _route("POST Invoices/*/Attachments/*", ATTACHMENTS, extras.attach, "IncludeOnline", raw=True),
    *_both("Contacts", CONTACTS, writes.put_contacts, writes.post_contacts, SUM),
    _route("POST Contacts/*", CONTACTS, writes.post_contact),
    *_both("Items", ITEMS, writes.put_items, writes.post_items, SUM, "unitdp"),
    _route("POST Items/*", ITEMS, writes.post_item, "unitdp"),
    _route("DELETE Items/*", ITEMS, writes.delete_item),
    *_both("Payments", PAYMENTS, writes.put_payments, writes.put_payments, SUM),
    _route("POST Payments/*", PAYMENTS, writes.delete_payment),
    *_both("CreditNotes", INVOICES, writes.put_credit_notes, writes.post_credit_notes, SUM,
           "unitdp"),
    _route("POST CreditNotes/*", INVOICES, writes.post_credit_note, "unitdp"),
    _route("PUT CreditNotes/*/Allocations", INVOICES, writes.put_allocations, SUM),
    _route("DELETE CreditNotes/*/Allocations/*", INVOICES, writes.delete_allocation),
    _route("PUT Accounts", SETTINGS, writes.put_account),
    _route("POST Accounts/*", SETTINGS, writes.post_account),
    _route("PUT TrackingCategories", SETTINGS, writes.put_tracking),
    _route("POST TrackingCategories/*", SETTINGS, writes.post_tracking),
    _route("PUT TrackingCategories/*/Options", SETTINGS, writes.put_options),
    _route("PUT Currencies", SETTINGS, writes.put_currency),
    *_both("TaxRates", SETTINGS, writes.put_tax_rates, writes.post_tax_rates),
]  # fmt: skip

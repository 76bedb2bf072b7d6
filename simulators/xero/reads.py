"""Reading: lists with their filters and pages, single records, the organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from . import rendering, where
from .extras import invoice_pdf
from .organisation import IDS, Doc
from .refusals import bad_query, unreadable

if TYPE_CHECKING:
    from ..wire import Response
    from .rest import Call

PLURALS = {
    "Account": "Accounts", "TaxRate": "TaxRates", "TrackingCategory": "TrackingCategories",
    "BrandingTheme": "BrandingThemes", "Currency": "Currencies", "User": "Users", "Item": "Items",
    "Contact": "Contacts", "Invoice": "Invoices", "CreditNote": "CreditNotes",
    "Payment": "Payments",
}  # fmt: skip
PAGE_SIZE, LARGEST_PAGE = 100, 1000
TRUE = ("true", "1")
ACTIONS = (
    "UseMulticurrency", "UseInventory", "CreateApprovedInvoice", "CreateDraftInvoice",
    "CreateRepeatingInvoice", "AttachFilesToInvoices", "SendInvoices",
)  # fmt: skip


def show(call: Call, kind: str, doc: Doc, *, lines: bool = True) -> Doc:
    """A record as this call sees it."""
    match kind:
        case "Invoice":
            return rendering.invoice(call.org, doc, places=call.places, lines=lines)
        case "CreditNote":
            return rendering.credit_note(call.org, doc, places=call.places, lines=lines)
        case "Payment":
            return rendering.payment(call.org, doc)
        case "Contact":
            return rendering.contact(doc)
    return rendering.plain(kind, doc, places=call.places)


def organisation(call: Call) -> Doc:
    shown = rendering.plain("Organisation", call.org.info)
    shown |= {"Addresses": [], "Phones": [], "ExternalLinks": [], "PaymentTerms": {}}
    return {"Organisations": [shown]}


def actions(call: Call) -> Doc:
    """What the connected user may do."""
    settings = call.org.settings
    denied = {"UseInventory"}
    if not settings["AutomaticCurrencies"]:
        denied.add("UseMulticurrency")
    if settings["ApproveLimit"] is not None:
        denied.add("CreateApprovedInvoice")
    allowed = [
        {"Name": name, "Status": "NOT-ALLOWED" if name in denied else "ALLOWED"} for name in ACTIONS
    ]
    return {"Actions": allowed}


def listed(kind: str) -> Callable[[Call], Doc]:
    """A list without pages."""

    def answer(call: Call) -> Doc:
        docs = _filtered(call, kind, call.org.of(kind))
        if kind == "TrackingCategory" and not _flag(call, "includeArchived"):
            docs = [doc for doc in docs if doc["Status"] == "ACTIVE"]
        return {PLURALS[kind]: [show(call, kind, doc) for doc in docs]}

    return answer


def single(kind: str) -> Callable[..., Doc]:
    """One record by its id. Items by their code too."""

    def answer(call: Call, id: str) -> Doc:
        doc = call.org.find(kind, id if kind == "TaxRate" else id.lower())
        if doc is None and kind == "Item":
            doc = call.org.item(id)
        if doc is None:
            raise LookupError(id)
        return {PLURALS[kind]: [show(call, kind, doc)]}

    return answer


def none(plural: str) -> Callable[[Call], Doc]:
    """A list of what is never made here."""
    return lambda call: _paged(call, plural, [])[1]


def invoice(call: Call, id: str) -> Doc | Response:
    """One invoice by its id, as JSON or as PDF."""
    doc = call.org.find("Invoice", id.lower())
    if doc is None and call.xero.switches.number_in_path == "allow":
        doc = next(iter(call.org.numbered(id, call.xero.switches)), None)
    if doc is None:
        raise LookupError(id)
    if "application/pdf" in call.request.headers.get("accept", ""):
        return invoice_pdf(call.org, doc)
    return {"Invoices": [show(call, "Invoice", doc)]}


def invoices(call: Call) -> Doc:
    """Without `page` summaries, with it whole invoices."""
    query = call.query
    docs = _filtered(call, "Invoice", _settled_for(call, call.org.of("Invoice")))
    for name, field in (("InvoiceNumbers", "InvoiceNumber"), ("Statuses", "Status")):
        if name in query:
            wanted = {each.lower() for each in _words(query[name])}
            docs = [doc for doc in docs if doc[field].lower() in wanted]
    if "ContactIDs" in query:
        wanted = _guids("ContactIDs", query["ContactIDs"])
        docs = [doc for doc in docs if doc["Contact"]["ContactID"] in wanted]
    if "references" in query:
        references = set(_words(query["references"]))
        docs = [doc for doc in docs if doc["Reference"] in references]
    if _flag(call, "createdByMyApp"):
        docs = [doc for doc in docs if doc["_app"] == call.grant.client_id]
    if term := query.get("searchTerm", "").lower():
        docs = [
            doc for doc in docs if term in f"{doc['InvoiceNumber']}\n{doc['Reference']}".lower()
        ]
    page, answer = _paged(call, "Invoices", docs)
    whole = "page" in query and not _flag(call, "summaryOnly")
    return {**answer, "Invoices": [show(call, "Invoice", doc, lines=whole) for doc in page]}


def contacts(call: Call) -> Doc:
    docs = _filtered(call, "Contact", call.org.of("Contact"))
    if not _flag(call, "includeArchived") and "IDs" not in call.query:
        docs = [doc for doc in docs if doc["ContactStatus"] == "ACTIVE"]
    if term := call.query.get("searchTerm", "").lower():
        fields = ("Name", "FirstName", "LastName", "ContactNumber", "EmailAddress", "CompanyNumber")
        docs = [
            doc for doc in docs if any(term in str(doc.get(name, "")).lower() for name in fields)
        ]
    page, answer = _paged(call, "Contacts", docs)
    return {**answer, "Contacts": [show(call, "Contact", doc) for doc in page]}


def credit_notes(call: Call) -> Doc:
    docs = _filtered(call, "CreditNote", call.org.of("CreditNote"))
    page, answer = _paged(call, "CreditNotes", docs)
    whole = "page" in call.query
    return {**answer, "CreditNotes": [show(call, "CreditNote", d, lines=whole) for d in page]}


def payments(call: Call) -> Doc:
    docs = _filtered(call, "Payment", call.org.of("Payment"))
    page, answer = _paged(call, "Payments", docs)
    return {**answer, "Payments": [show(call, "Payment", doc) for doc in page]}


def _settled_for(call: Call, docs: Iterable[Doc]) -> Iterable[Doc]:
    """Lists may show a new invoice, or what became of one, only after a while."""
    lag = timedelta(seconds=call.xero.switches.query_lag_seconds)
    if not lag:
        return docs
    seen = (call.xero.clock.now() - lag).astimezone(UTC).isoformat(timespec="milliseconds")
    return [then for doc in docs if (then := call.org.as_of(doc, seen)) is not None]


def _filtered(call: Call, kind: str, docs: Iterable[Doc]) -> list[Doc]:
    """What all lists have in common: If-Modified-Since, IDs, where, order."""
    chosen = list(docs)
    if since := call.request.headers.get("if-modified-since"):
        edge = _moment(since)
        chosen = [doc for doc in chosen if _seconds(doc["UpdatedDateUTC"]) >= edge]
    if "IDs" in call.query:
        wanted = _guids("IDs", call.query["IDs"])
        chosen = [doc for doc in chosen if doc[IDS[kind]] in wanted]
    if text := call.query.get("where"):
        test = where.parse(text, call.org)
        chosen = [doc for doc in chosen if test(doc)]
    if order := call.query.get("order"):
        chosen = where.ordered(chosen, order, call.org)
    return chosen


def _paged(call: Call, plural: str, docs: list[Doc]) -> tuple[list[Doc], Doc]:
    """A page of records, and the block that tells about it. Without `page` everything."""
    if "page" not in call.query:
        return docs, {plural: []}
    page = _whole(call, "page", 1)
    size = min(_whole(call, "pageSize", PAGE_SIZE), LARGEST_PAGE)
    begin = (page - 1) * size
    answer: Doc = {}
    if call.xero.switches.pagination:
        answer["pagination"] = {
            "page": page, "pageSize": size, "pageCount": -(-len(docs) // size),
            "itemCount": len(docs),
        }  # fmt: skip
    return docs[begin : begin + size], {**answer, plural: []}


def _whole(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise bad_query(f"{name} must be a positive number")
    return int(text)


def _flag(call: Call, name: str) -> bool:
    return call.query.get(name, "").lower() in TRUE


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _guids(name: str, text: str) -> set[str]:
    try:
        return {str(UUID(word)) for word in _words(text)}
    except ValueError:
        raise bad_query(f"{name} must be GUIDs with commas between them") from None


def _moment(text: str) -> datetime:
    """If-Modified-Since as Xero takes it: ISO in UTC, to the second."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise unreadable(f"If-Modified-Since: {text!r} is not yyyy-mm-ddThh:mm:ss") from None
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return at.replace(microsecond=0)


def _seconds(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(microsecond=0)

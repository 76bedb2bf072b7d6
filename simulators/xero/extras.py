"""Around an invoice: e-mail, the page for its customer, history, attachments, PDF."""

from __future__ import annotations

import base64
import mimetypes
from decimal import Decimal
from typing import TYPE_CHECKING

from ..pdf import text_pdf
from ..wire import Response
from . import fields
from .organisation import Doc, Organisation, clone, new_id, record
from .refusals import Invalid
from .wireform import of_moment

if TYPE_CHECKING:
    from .rest import Call

MAILS_A_DAY = {"paid": 1_000, "trial": 20, "demo": 0}
MOST_ATTACHMENTS = 10
MEGABYTE = 1024 * 1024
EMAILED = ("SUBMITTED", "AUTHORISED", "PAID")
APPROVED = ("AUTHORISED", "PAID")
HTML = "text/html; charset=utf-8"


def email(call: Call, id: str) -> Response:
    """Send a sales invoice to its contact: 204, and it is marked as sent."""
    act, org = call.act, call.org
    doc = _invoice(org, id)
    address = org.docs["Contact"][doc["Contact"]["ContactID"]].get("EmailAddress")
    if doc["Type"] != "ACCREC" or doc["Status"] not in EMAILED:
        raise Invalid("simulated: Only sales invoices that are not drafts can be e-mailed.")
    if not address:
        raise Invalid("simulated: The contact has no e-mail address.")
    day = act.now.date().isoformat()
    today = sum(mail["at"][:10] == day for mail in org.mails)
    if today >= MAILS_A_DAY[org.settings["Plan"]]:
        raise Invalid("simulated: The daily limit of e-mails has been reached.")
    org.mails.append({"to": address, "invoice": doc["InvoiceID"], "at": act.stamp})
    org.put("Invoice", {**clone(doc), "SentToContact": True, "UpdatedDateUTC": act.stamp})
    record(act, doc["InvoiceID"], "Emailed", f"This invoice has been sent to {address}.")
    return Response(204, b"", HTML)


def online_invoice(call: Call, id: str) -> Doc:
    """Where its customer can see it, once it is approved."""
    doc = _invoice(call.org, id)
    if doc["Status"] not in APPROVED or doc["Type"] != "ACCREC":
        raise Invalid("simulated: Only approved sales invoices have an online invoice.")
    code = doc["InvoiceID"].replace("-", "")
    return {"OnlineInvoices": [{"OnlineInvoiceUrl": f"https://in.xero.com/{code}"}]}


def history(call: Call, id: str) -> Doc:
    """What happened to a record, newest first."""
    kind = {"invoices": "Invoice", "creditnotes": "CreditNote", "contacts": "Contact"}
    if call.org.find(kind[call.path[0].lower()], id.lower()) is None:
        raise LookupError(id)
    return {"HistoryRecords": [_line(each) for each in reversed(call.org.history[id.lower()])]}


def add_history(call: Call, id: str) -> Doc:
    """Notes, which can't be taken back and are not idempotent by themselves."""
    doc = _invoice(call.org, id)
    made = []
    for element in call.elements("HistoryRecords"):
        sent = fields.read("HistoryRecord", element, strict=call.strict)
        record(call.act, doc["InvoiceID"], "Note", sent.get("Details", ""))
        made.append(call.org.history[doc["InvoiceID"]][-1])
    return {"HistoryRecords": [_line(each) for each in made]}


def _line(each: Doc) -> Doc:
    return {**each, "DateUTC": of_moment(each["DateUTC"])}


def attach(call: Call, id: str, name: str) -> Doc:
    """Keep raw bytes under a file name; the same name replaces them."""
    doc = _invoice(call.org, id)
    kept = call.org.attachments.setdefault(doc["InvoiceID"], [])
    known = next((each for each in kept if each["FileName"] == name), None)
    if len(call.request.body) > call.xero.switches.attachment_megabytes * MEGABYTE:
        raise Invalid("simulated: The attachment is too large.")
    if known is None and len(kept) >= MOST_ATTACHMENTS:
        raise Invalid(f"simulated: A document can have {MOST_ATTACHMENTS} attachments.")
    online = call.query.get("IncludeOnline", "false").lower() == "true"
    sent_type = call.request.headers.get("content-type", "")
    made = {
        "AttachmentID": known["AttachmentID"] if known else new_id(), "FileName": name,
        "MimeType": mimetypes.guess_type(name)[0] or sent_type or "application/octet-stream",
        "ContentLength": len(call.request.body), "IncludeOnline": online,
        "_body": base64.b64encode(call.request.body).decode(),
    }  # fmt: skip
    call.org.attachments[doc["InvoiceID"]] = [*(each for each in kept if each is not known), made]
    return {"Attachments": [_attached(call, doc["InvoiceID"], made)]}


def attachments(call: Call, id: str) -> Doc:
    doc = _invoice(call.org, id)
    kept = call.org.attachments.get(doc["InvoiceID"], [])
    return {"Attachments": [_attached(call, doc["InvoiceID"], each) for each in kept]}


def attachment(call: Call, id: str, name: str) -> Response:
    """The bytes, by file name or by id."""
    for each in call.org.attachments.get(id.lower(), []):
        if name in (each["FileName"], each["AttachmentID"]):
            return Response(200, base64.b64decode(each["_body"]), each["MimeType"])
    raise LookupError(name)


def _attached(call: Call, id: str, each: Doc) -> Doc:
    shown = {name: value for name, value in each.items() if not name.startswith("_")}
    url = f"https://api.xero.com/api.xro/2.0/Invoices/{id}/Attachments/{each['FileName']}"
    return {**shown, "Url": url}


def invoice_pdf(org: Organisation, doc: Doc) -> Response:
    """A plain PDF of an invoice."""
    contact = org.docs["Contact"][doc["Contact"]["ContactID"]]
    text = [
        org.name, f"Invoice {doc['InvoiceNumber']}", contact["Name"],
        *(f"{line.get('Description', '')}  {line['LineAmount']}" for line in doc["LineItems"]),
        f"Total {doc['CurrencyCode']} {doc['Total'].quantize(Decimal('0.01'))}",
    ]  # fmt: skip
    name = f"Invoice {doc['InvoiceNumber']}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(200, text_pdf(text), "application/pdf", headers)


def _invoice(org: Organisation, id: str) -> Doc:
    doc = org.find("Invoice", id.lower())
    if doc is None:
        raise LookupError(id)
    return doc

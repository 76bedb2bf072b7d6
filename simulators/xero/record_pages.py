"""The pages of one organisation that list records: invoices, contacts, items, payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..html import Markup, table, tag
from . import setting_pages
from .forms import at, button_to, form
from .organisation import Doc, Organisation
from .rendering import invoice as rendered
from .wireform import pretty

if TYPE_CHECKING:
    from .app import Xero

SECTIONS = ("invoices", "contacts", "items", "payments", "accounts", "settings")
PILLS = {"PAID": "paid", "VOIDED": "voided", "DELETED": "voided", "AUTHORISED": "open"}
OVER = ("VOIDED", "DELETED")


def content(xero: Xero, org: Organisation, section: str, id: str) -> tuple[str, list[Markup]]:
    """Title and body of a page; LookupError when the record is gone."""
    if section == "invoices" and id:
        return _invoice(org, org.docs["Invoice"][id])
    if section == "settings":
        return org.name, setting_pages.settings(xero, org)
    pages = {
        "invoices": _invoices, "contacts": _contacts, "items": _items, "payments": _payments,
        "accounts": setting_pages.accounts,
    }  # fmt: skip
    return org.name, pages.get(section, _invoices)(org)


def tabs(org: Organisation, current: str) -> Markup:
    links = [
        tag(
            "a", name.capitalize(), href=at(org, name),
            aria_current="page" if name == current else None,
        )
        for name in SECTIONS
    ]  # fmt: skip
    return tag("div", *links, class_="tabs")


def _invoices(org: Organisation) -> list[Markup]:
    docs = sorted(org.of("Invoice"), key=lambda doc: (doc["Date"], doc["_made"]))
    rows = [
        [
            tag("a", doc["InvoiceNumber"] or "none", href=at(org, f"invoices/{doc['InvoiceID']}")),
            _name(org, doc), state(doc), f"{doc['Total']:,.2f}", f"{doc['AmountDue']:,.2f}",
            tag("time", doc["Date"]), tag("time", doc.get("DueDate", "")),
        ]
        for doc in reversed(docs)
    ]  # fmt: skip
    heads = ["Number", "Contact", "Status", "Total", "Due", "Date", "Due date"]
    shown = table(heads, rows, numbers=(3, 4)) if rows else tag("p", "No invoices yet.")
    return [shown, tag("h2", "New invoice"), _new_invoice(org)]


def state(doc: Doc) -> Markup:
    """The status of an invoice as people say it, with a colour."""
    word = {"AUTHORISED": "Awaiting payment", "SUBMITTED": "Awaiting approval"}.get(
        doc["Status"], doc["Status"].capitalize()
    )
    if doc["Status"] == "AUTHORISED" and doc["AmountDue"] < doc["Total"]:
        word = "Partly paid"
    look = "partly" if word == "Partly paid" else PILLS.get(doc["Status"], "draft")
    return tag("span", word, class_=f"pill {look}")


def _new_invoice(org: Organisation) -> Markup:
    contacts = [
        tag("option", doc["Name"], value=doc["ContactID"])
        for doc in org.of("Contact")
        if doc["ContactStatus"] == "ACTIVE"
    ]
    amount = tag("input", name="amount", inputmode="decimal", required=True)
    statuses = [
        tag("option", "Approved", value="AUTHORISED"),
        tag("option", "Draft", value="DRAFT"),
    ]
    return form(
        org, "invoice", "invoices", "Create",
        tag("label", "Contact", tag("select", *contacts, name="contact")),
        tag("label", "Amount", amount),
        tag("label", "Number", tag("input", name="number", placeholder="the next one")),
        tag("label", "As", tag("select", *statuses, name="status")),
    )  # fmt: skip


def _invoice(org: Organisation, doc: Doc) -> tuple[str, list[Markup]]:
    here = f"invoices/{doc['InvoiceID']}"
    facts = [
        ["Contact", _name(org, doc)], ["Reference", doc["Reference"]], ["Date", doc["Date"]],
        ["Due", doc.get("DueDate", "none")], ["Tax", f"{doc['TotalTax']:,.2f}"],
        ["Total", f"{doc['CurrencyCode']} {doc['Total']:,.2f}"],
        ["Paid", f"{doc['AmountPaid']:,.2f}"], ["Credited", f"{doc['AmountCredited']:,.2f}"],
        ["Due amount", f"{doc['AmountDue']:,.2f}"],
        ["Sent", "yes" if doc["SentToContact"] else "no"],
    ]  # fmt: skip
    body = [
        tag("p", state(doc)),
        table(["", ""], facts),
        tag("h2", "Lines"),
        *_lines(org, doc, here),
    ]
    if doc["Status"] not in OVER:
        body += [tag("h2", "Money"), *_money(org, doc, here)]
        body += [tag("h2", "Change"), *_changes(org, doc, here)]
    body += [tag("h2", "History"), _history(org, doc)]
    source = pretty(rendered(org, doc, places=4)).decode().replace("\r", "")
    body.append(tag("details", tag("summary", "As the API shows it"), tag("pre", source)))
    return f"Invoice {doc['InvoiceNumber'] or 'without a number'}", body


def _history(org: Organisation, doc: Doc) -> Markup:
    rows = [
        [
            tag("time", each["DateUTC"][:16].replace("T", " ")), each["Changes"], each["User"],
            each["Details"],
        ]
        for each in reversed(org.history.get(doc["InvoiceID"], []))
    ]  # fmt: skip
    return table(["When", "What", "Who", "Details"], rows)


def _lines(org: Organisation, doc: Doc, here: str) -> list[Markup]:
    """Lines to edit while nothing is paid, else to look at."""
    free = doc["Status"] not in (*OVER, "PAID") and not doc["_payments"] and not doc["_allocations"]
    if not free:
        rows = [
            [line.get("Description", ""), f"{line['Quantity'].normalize():f}",
             f"{line['UnitAmount']:,.4f}", line.get("TaxType", ""), f"{line['LineAmount']:,.2f}"]
            for line in doc["LineItems"]
        ]  # fmt: skip
        return [
            table(["Description", "Quantity", "Price", "Tax", "Amount"], rows, numbers=(1, 2, 4))
        ]
    return [_line(org, doc, line, here, number) for number, line in enumerate(doc["LineItems"], 1)]


def _line(org: Organisation, doc: Doc, line: Doc, here: str, number: int) -> Markup:
    fields = [
        tag("label", label, tag("input", name=name, value=value))
        for label, name, value in (
            (f"Text ({line.get('AccountCode', 'no account')})", "description",
             line.get("Description", "")),
            ("Quantity", "quantity", f"{line['Quantity'].normalize():f}"),
            ("Price", "price", f"{line['UnitAmount'].normalize():f}"),
        )
    ]  # fmt: skip
    return form(org, "line", here, "Save line", *fields, id=doc["InvoiceID"], line=str(number))


def _money(org: Organisation, doc: Doc, here: str) -> list[Markup]:
    shown = []
    for id in doc["_payments"]:
        paid = org.docs["Payment"][id]
        text = f"Payment of {paid['Amount']:,.2f} on {paid['Date']}"
        shown.append(
            tag("div", text, button_to(org, "Remove", "unpay", here, id=id), class_="together")
        )
    for id in doc["_allocations"]:
        used = org.docs["Allocation"][id]
        note = used["CreditNote"]["CreditNoteID"]
        undo = button_to(org, "Remove", "uncredit", here, id=note)
        shown.append(tag("div", f"Credit of {used['Amount']:,.2f}", undo, class_="together"))
    if doc["Status"] != "AUTHORISED":
        return shown or [tag("p", "Money can be received once it is approved.")]
    for verb, label in (("pay", "Receive payment"), ("credit", "Credit")):
        amount = tag("input", name="amount", inputmode="decimal", value=f"{doc['AmountDue']:.2f}")
        shown.append(
            form(org, verb, here, label, tag("label", "Amount", amount), id=doc["InvoiceID"])
        )
    return shown


def _changes(org: Organisation, doc: Doc, here: str) -> list[Markup]:
    id = doc["InvoiceID"]
    forms = []
    for label, field, kind in (
        ("Due date", "DueDate", "date"), ("Number", "InvoiceNumber", "text"),
        ("Reference", "Reference", "text"),
    ):  # fmt: skip
        given = tag("input", name="value", type=kind, value=doc.get(field, ""))
        shown = tag("label", label, given)
        forms.append(form(org, "change", here, "Save", shown, id=id, field=field))
    drafts = ("DRAFT", "SUBMITTED")
    verbs = [("approve", "Approve"), ("delete", "Delete")] if doc["Status"] in drafts else [
        ("void", "Void"),
    ]  # fmt: skip
    buttons = [button_to(org, label, verb, here, id=id) for verb, label in verbs]
    return [*forms, tag("div", *buttons, class_="together")]


def _contacts(org: Organisation) -> list[Markup]:
    rows = []
    for doc in org.of("Contact"):
        active = doc["ContactStatus"] == "ACTIVE"
        label = f"Name of {doc['Name']}"
        renaming = form(
            org, "rename", "contacts", "Rename",
            tag("input", name="value", value=doc["Name"], aria_label=label), id=doc["ContactID"],
        ) if active else doc["Name"]  # fmt: skip
        verb, word = ("archive", "Archive") if active else ("restore", "Restore")
        toggle = button_to(org, word, verb, "contacts", id=doc["ContactID"])
        rows.append([renaming, doc.get("EmailAddress", ""), doc.get("ContactNumber", ""), toggle])
    adding = form(
        org, "contact", "contacts", "Add", tag("label", "Name", tag("input", name="name")),
        tag("label", "E-mail", tag("input", name="email", type="email")),
    )  # fmt: skip
    heads = ["Name", "E-mail", "Number", ""]
    return [table(heads, rows, stacked=True), tag("h2", "New contact"), adding]


def _items(org: Organisation) -> list[Markup]:
    rows = []
    for doc in org.of("Item"):
        details = doc["SalesDetails"]
        renaming = form(
            org, "item", "items", "Rename",
            tag("input", name="value", value=doc["Name"], aria_label=f"Name of {doc['Code']}"),
            id=doc["Code"],
        )  # fmt: skip
        price = f"{details['UnitPrice']:,.4f}" if "UnitPrice" in details else ""
        rows.append([doc["Code"], renaming, details.get("AccountCode", ""), price])
    return [table(["Code", "Name", "Account", "Price"], rows, numbers=(3,), stacked=True)]


def _payments(org: Organisation) -> list[Markup]:
    rows = [
        [
            tag("time", doc["Date"]),
            org.docs["Invoice"][doc["Invoice"]["InvoiceID"]]["InvoiceNumber"],
            doc["Reference"], f"{doc['Amount']:,.2f}", doc["Status"].capitalize(),
            button_to(org, "Remove", "unpay", "payments", id=doc["PaymentID"])
            if doc["Status"] == "AUTHORISED" else "",
        ]
        for doc in org.of("Payment")
    ]  # fmt: skip
    heads = ["Date", "Invoice", "Reference", "Amount", "Status", ""]
    return [table(heads, rows, numbers=(3,)) if rows else tag("p", "No payments yet.")]


def _name(org: Organisation, doc: Doc) -> str:
    return str(org.docs["Contact"][doc["Contact"]["ContactID"]]["Name"])

"""The pages of one company: invoices, customers, items, payments, settings."""

from __future__ import annotations

import json
from decimal import Decimal

from ..html import Markup, button, table, tag
from ..wire import dump_json
from .company import Company, Doc
from .rendering import render

SECTIONS = ("invoices", "customers", "items", "payments", "settings")
SWITCHED = (
    ("SalesFormsPrefs", "CustomTxnNumbers", "Custom transaction numbers"),
    ("SalesFormsPrefs", "AllowDiscount", "Discounts"),
    ("SalesFormsPrefs", "AllowDeposit", "Deposits on invoices"),
    ("SalesFormsPrefs", "AutoApplyCredit", "Apply credits by itself"),
    ("AccountingInfoPrefs", "ClassTrackingPerTxn", "Classes on invoices"),
    ("AccountingInfoPrefs", "ClassTrackingPerTxnLine", "Classes on lines"),
    ("AccountingInfoPrefs", "TrackDepartments", "Locations"),
)


def content(company: Company, section: str, id: str) -> tuple[str, list[Markup]]:
    """Title and body of a page; Refused when the record is gone."""
    if section == "invoices" and id:
        return _invoice(company, render(company, "Invoice", company.get("Invoice", id)))
    pages = {
        "invoices": _invoices, "customers": _customers, "items": _items,
        "payments": _payments, "settings": _settings,
    }  # fmt: skip
    return company.name, pages.get(section, _invoices)(company)


def tabs(company: Company, current: str) -> Markup:
    links = [
        tag(
            "a", name.capitalize(), href=_at(company, name),
            aria_current="page" if name == current else None,
        )
        for name in SECTIONS
    ]  # fmt: skip
    return tag("div", *links, class_="tabs")


def _invoices(company: Company) -> list[Markup]:
    docs = sorted(company.of("Invoice"), key=lambda doc: (doc["TxnDate"], int(doc["Id"])))
    rows = [
        [
            tag("a", doc.get("DocNumber", "none"), href=_at(company, f"invoices/{doc['Id']}")),
            _name(company, doc), state(doc), f"{doc['TotalAmt']:,.2f}",
            f"{doc['Balance']:,.2f}", tag("time", doc["TxnDate"]), tag("time", doc["DueDate"]),
        ]
        for doc in reversed(docs)
    ]  # fmt: skip
    heads = ["Number", "Customer", "State", "Total", "Open", "Date", "Due"]
    shown = table(heads, rows, numbers=(3, 4)) if rows else tag("p", "No invoices yet.")
    return [shown, tag("h2", "New invoice"), _new_invoice(company)]


def state(doc: Doc) -> Markup:
    """What became of an invoice, as a word with a colour."""
    if doc.get("_voided"):
        word = "Voided"
    elif doc["Balance"] == 0:
        word = "Paid"
    else:
        word = "Open" if doc["Balance"] == doc["TotalAmt"] else "Partly paid"
    return tag("span", word, class_=f"pill {word.split()[0].lower()}")


def _new_invoice(company: Company) -> Markup:
    customers = [
        tag("option", doc["DisplayName"], value=doc["Id"])
        for doc in company.of("Customer")
        if doc["Active"]
    ]
    items = [tag("option", d["Name"], value=d["Id"]) for d in company.of("Item") if d["Active"]]
    amount = tag("input", name="amount", inputmode="decimal", required=True)
    return _form(
        company, "invoice", "invoices", "Create",
        tag("label", "Customer", tag("select", *customers, name="customer")),
        tag("label", "Item", tag("select", *items, name="item")), tag("label", "Amount", amount),
        tag("label", "Number", tag("input", name="number", placeholder="the next one")),
    )  # fmt: skip


def _invoice(company: Company, doc: Doc) -> tuple[str, list[Markup]]:
    number = doc.get("DocNumber", "without a number")
    here = f"invoices/{doc['Id']}"
    raw = company.get("Invoice", doc["Id"])
    facts = [
        ["Customer", doc["CustomerRef"].get("name", "")], ["Date", doc["TxnDate"]],
        ["Due", doc["DueDate"]], ["Tax", f"{doc['TxnTaxDetail']['TotalTax']:,.2f}"],
        ["Total", f"{doc['CurrencyRef']['value']} {doc['TotalAmt']:,.2f}"],
        ["Open", f"{doc['Balance']:,.2f}"], ["Private note", doc.get("PrivateNote", "")],
        ["E-mail", doc["EmailStatus"]], ["Version", doc["SyncToken"]],
    ]  # fmt: skip
    body = [
        tag("p", state(raw)), table(["", ""], facts),
        tag("h2", "Lines"), *[_line(company, doc, line, here) for line in doc["Line"]],
    ]  # fmt: skip
    if not raw.get("_voided"):
        body += [tag("h2", "Money"), *_money(company, doc, here)]
        body += [tag("h2", "Change"), *_changes(company, doc, here)]
    source = json.dumps(json.loads(dump_json(doc)), indent=2, ensure_ascii=False)
    body.append(tag("details", tag("summary", "As the API shows it"), tag("pre", source)))
    return f"Invoice {number}", body


def _line(company: Company, doc: Doc, line: Doc, here: str) -> Markup:
    detail = line.get("SalesItemLineDetail")
    if detail is None:
        amount = f"{line['Amount']:,.2f}" if "Amount" in line else ""
        label = (
            line.get("Description") or line["DetailType"].removesuffix("LineDetail").capitalize()
        )
        return tag("p", f"{label}  {amount}")
    fields = [
        tag("label", label, tag("input", name=name, value=value, inputmode=mode))
        for label, name, value, mode in (
            (f"Text ({detail['ItemRef'].get('name')})", "description",
             line.get("Description", ""), "text"),
            ("Quantity", "quantity", _figure(detail.get("Qty")), "decimal"),
            ("Price", "price", _figure(detail.get("UnitPrice")), "decimal"),
            ("or amount", "amount", f"{line['Amount']:.2f}", "decimal"),
        )
    ]  # fmt: skip
    return _form(company, "line", here, "Save line", *fields, id=doc["Id"], line=line["Id"])


def _figure(value: Decimal | None) -> str:
    """Without needless zeros."""
    return "" if value is None else f"{value.normalize():f}"


def _money(company: Company, doc: Doc, here: str) -> list[Markup]:
    paid = [
        tag(
            "div",
            f"Payment {link['TxnId']}",
            _button(company, "Remove", "unpay", here, id=link["TxnId"]),
            class_="together",
        )
        for link in doc["LinkedTxn"]
        if link["TxnType"] == "Payment"
    ]
    if doc["Balance"] > 0:
        amount = tag("input", name="amount", inputmode="decimal", value=f"{doc['Balance']:.2f}")
        label = tag("label", "Amount", amount)
        paid.append(_form(company, "pay", here, "Receive payment", label, id=doc["Id"]))
    return paid


def _changes(company: Company, doc: Doc, here: str) -> list[Markup]:
    forms = []
    for label, field, kind in (
        ("Due date", "DueDate", "date"), ("Number", "DocNumber", "text"),
        ("Private note", "PrivateNote", "text"),
    ):  # fmt: skip
        field_input = tag("input", name="value", type=kind, value=doc.get(field, ""))
        forms.append(_form(
            company, "change", here, "Save", tag("label", label, field_input),
            kind="Invoice", id=doc["Id"], field=field,
        ))  # fmt: skip
    ends = [
        _button(company, "Void", "void", here, kind="Invoice", id=doc["Id"]),
        _button(company, "Delete", "delete", "invoices", kind="Invoice", id=doc["Id"]),
    ]
    return [*forms, tag("div", *ends, class_="together")]


def _customers(company: Company) -> list[Markup]:
    return _listed(company, "Customer", "customers", "DisplayName", "Balance")


def _items(company: Company) -> list[Markup]:
    return _listed(company, "Item", "items", "Name", "UnitPrice")


def _listed(company: Company, kind: str, here: str, name: str, figure: str) -> list[Markup]:
    rows = []
    for doc in company.of(kind):
        renaming = _form(
            company, "rename", here, "Rename",
            tag("input", name="value", value=doc[name], aria_label=f"Name of {doc[name]}"),
            kind=kind, id=doc["Id"],
        )  # fmt: skip
        verb, label = (
            ("deactivate", "Deactivate") if doc["Active"] else ("reactivate", "Reactivate")
        )
        toggle = _button(company, label, verb, here, kind=kind, id=doc["Id"])
        rows.append([doc["Id"], renaming, f"{doc[figure]:,.2f}", toggle])
    heads = ["Id", "Name", "Balance" if figure == "Balance" else "Price", ""]
    return [table(heads, rows, numbers=(2,), stacked=True)]


def _payments(company: Company) -> list[Markup]:
    rows = [
        [
            doc["Id"], _name(company, doc), tag("time", doc["TxnDate"]),
            ", ".join(link["TxnId"] for line in doc["Line"] for link in line["LinkedTxn"]),
            f"{doc['TotalAmt']:,.2f}", f"{doc['UnappliedAmt']:,.2f}",
            _button(company, "Remove", "unpay", "payments", id=doc["Id"]),
        ]
        for doc in company.of("Payment")
    ]  # fmt: skip
    heads = ["Id", "Customer", "Date", "For", "Amount", "Unapplied", ""]
    return [table(heads, rows, numbers=(4, 5)) if rows else tag("p", "No payments yet.")]


def _settings(company: Company) -> list[Markup]:
    rows = []
    for group, name, label in SWITCHED:
        on = bool(company.prefers(group, name))
        value = "false" if on else "true"
        action = _button(
            company, "Turn off" if on else "Turn on", "prefer", "settings", group=group, name=name,
            value=value,
        )  # fmt: skip
        rows.append([label, "on" if on else "off", action])
    closed = company.prefers("AccountingInfoPrefs", "BookCloseDate") or ""
    date = tag("input", name="value", type="date", value=closed)
    ending = ("renew", "Renew the subscription") if not company.subscribed else (
        "expire", "Let the subscription end",
    )  # fmt: skip
    return [
        table(["Preference", "", ""], rows), tag("h2", "Books"),
        _form(company, "close", "settings", "Save", tag("label", "Closed through", date)),
        tag("h2", "The app"),
        tag(
            "div", _button(company, "Disconnect the app", "disconnect", "settings"),
            _button(company, ending[1], ending[0], "settings"), class_="together",
        ),
    ]  # fmt: skip


def _name(company: Company, doc: Doc) -> str:
    return str(company.get("Customer", doc["CustomerRef"]["value"])["DisplayName"])


def _at(company: Company, page: str) -> str:
    return f"/__sim/qbo/{company.realm}/{page}"


def _hidden(company: Company, verb: str, here: str, more: dict[str, str]) -> list[Markup]:
    fields = {"verb": verb, "back": _at(company, here), **more}
    return [tag("input", type="hidden", name=name, value=value) for name, value in fields.items()]


def _form(
    company: Company, verb: str, here: str, label: str, *fields: Markup, **more: str
) -> Markup:
    """A form that does one thing and comes back."""
    return tag(
        "form", *_hidden(company, verb, here, more), *fields, tag("button", label),
        method="post", action=_at(company, "do"), class_="row",
    )  # fmt: skip


def _button(company: Company, label: str, verb: str, here: str, **more: str) -> Markup:
    return button(label, _at(company, "do"), quiet=True, verb=verb, back=_at(company, here), **more)

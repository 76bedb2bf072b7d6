"""Invoices and credit memos: what a new or changed one must say, and what the server adds."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal

from . import links
from .company import Act, Company, Doc, cents
from .lines import amounts, place, prepare_lines
from .numbers import prepare_number
from .refusals import Refused, business, missing
from .tax import prepare_tax

ONLINE = ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
VOIDED = {"en": "Voided", "fr": "Annulée"}


def prepare_invoice(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """An invoice with totals, balance, number, addresses and due date."""
    doc = _prepare(act, "Invoice", doc, before)
    links.check_time(act, doc, before)
    _due(act, doc)
    _deposit(act, doc)
    online = bool(act.company.prefers("SalesFormsPrefs", "ETransactionPaymentEnabled"))
    for name in ONLINE:
        doc.setdefault(name, online)
    doc |= {"AllowIPNPayment": False, "AllowOnlinePayment": False}
    settle_balance(act.company, doc)
    if doc["Balance"] < 0:
        raise business("The amount applied is more than the total of the invoice")
    return doc


def prepare_credit(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """A credit memo with totals and the credit that remains."""
    doc = _prepare(act, "CreditMemo", doc, before)
    settle_credit(act.company, doc)
    if doc["RemainingCredit"] < 0:
        raise business("The amount applied is more than the credit")
    return doc


def settle_balance(company: Company, doc: Doc) -> None:
    """Balance and links of an invoice from what payments apply to it."""
    paid, payments = links.applied(company, "Invoice", doc)
    doc["Balance"] = doc["TotalAmt"] - doc.get("Deposit", Decimal(0)) - paid
    doc["LinkedTxn"] = links.of_time(doc) + payments
    _home(company, doc)


def settle_credit(company: Company, doc: Doc) -> None:
    used, payments = links.applied(company, "CreditMemo", doc)
    doc["RemainingCredit"] = doc["Balance"] = doc["TotalAmt"] - used
    doc["LinkedTxn"] = payments
    _home(company, doc)


def void_invoice(act: Act, doc: Doc) -> Doc:
    """All money gone, the number kept, the note saying so."""
    check_period(act, doc)
    for line in doc["Line"]:
        if line["DetailType"] == "SalesItemLineDetail":
            line["SalesItemLineDetail"].pop("UnitPrice", None)
            line["SalesItemLineDetail"] |= {"Qty": Decimal(0)}
        if "Amount" in line:
            line["Amount"] = Decimal(0)
        line.pop("LinkedTxn", None)
    zero = Decimal(0)
    doc |= {
        "TotalAmt": zero, "Balance": zero, "LinkedTxn": [], "TxnTaxDetail": {"TotalTax": zero},
        "_tax_sent": {},
    }  # fmt: skip
    mark_void(act.company, doc)
    doc.pop("Deposit", None)
    _home(act.company, doc)
    return doc


def mark_void(company: Company, doc: Doc) -> None:
    """A voided document says so in its private note, in the language of the company."""
    word, note = VOIDED[company.language], doc.get("PrivateNote")
    if not doc.get("_voided"):
        doc |= {"PrivateNote": f"{word} - {note}" if note else word, "_voided": True}


def check_period(act: Act, *docs: Doc | None) -> None:
    """6210 when the books are closed for the date of any of them."""
    closed = act.company.prefers("AccountingInfoPrefs", "BookCloseDate")
    if closed and any(doc["TxnDate"] <= closed for doc in docs if doc):
        raise Refused("6210", f"Account Period Closed : the books are closed through {closed}")


def check_currency(act: Act, doc: Doc, customer: Doc) -> None:
    """One currency per customer; required once a company has several."""
    company = act.company
    if "CurrencyRef" not in doc:
        if company.multicurrency:
            raise missing("CurrencyRef")
        doc["CurrencyRef"] = {"value": company.home_currency}
    if doc["CurrencyRef"]["value"] != customer["CurrencyRef"]["value"]:
        raise business("A transaction can not have two foreign currencies", "CurrencyRef")
    if not company.multicurrency:
        doc.pop("ExchangeRate", None)
        return
    code = doc["CurrencyRef"]["value"]
    if code == company.home_currency:
        doc["ExchangeRate"] = Decimal(1)
    elif not doc.get("ExchangeRate"):
        doc["ExchangeRate"] = Decimal(company.exchange_rates[code])


def _prepare(act: Act, kind: str, doc: Doc, before: Doc | None) -> Doc:
    if "CustomerRef" not in doc:
        raise missing("CustomerRef")
    customer = act.company.referred("Customer", doc, "CustomerRef")
    assert customer is not None  # noqa: S101 - there is a reference
    doc.setdefault("TxnDate", act.today.isoformat())
    check_period(act, doc, before)
    check_currency(act, doc, customer)
    doc["Line"] = prepare_lines(act, doc)
    _header(act, doc, customer, before)
    _, discount = amounts(doc["Line"])
    sent = _sent_tax(doc, before)
    doc["_tax_sent"] = sent
    tax = prepare_tax(act, doc, sent)
    doc["TotalAmt"] = cents(amounts(doc["Line"])[0] - discount + tax)
    if doc["TotalAmt"] < 0:
        raise business("The total of a transaction can not be negative", "TotalAmt")
    prepare_number(act, kind, doc, before)
    return doc


def _sent_tax(doc: Doc, before: Doc | None) -> Doc:
    """What the client asked of the tax. What it merely sent back is no wish of its own."""
    sent: Doc = doc.get("TxnTaxDetail", {})
    if before is not None and sent == before["TxnTaxDetail"]:
        return dict(before["_tax_sent"])
    return sent


def _header(act: Act, doc: Doc, customer: Doc, before: Doc | None) -> None:
    place(act, doc, "ClassRef", "ClassTrackingPerTxn")
    place(act, doc, "DepartmentRef", "TrackDepartments")
    act.company.referred("Term", doc, "SalesTermRef")
    if doc.get("EmailStatus") == "NeedToSend" and "BillEmail" not in doc:
        raise missing("BillEmail")
    if (
        "," in doc.get("BillEmail", {}).get("Address", "")
        and act.switches.several_emails == "refuse"
    ):
        raise Refused("2090", "Invalid Email Address format", "BillEmail")
    for name in ("BillAddr", "ShipAddr"):
        if name not in doc and name in customer and before is None:
            doc[name] = dict(customer[name])
    doc["CustomField"] = _custom_fields(act.company, doc)
    doc.setdefault("EmailStatus", "NotSet")
    doc.setdefault("PrintStatus", "NeedToPrint")
    doc.setdefault("ApplyTaxAfterDiscount", False)
    doc["FreeFormAddress"] = True


def _custom_fields(company: Company, doc: Doc) -> list[Doc]:
    """Fields that the company defined and that say which one they are; others vanish."""
    definitions = company.prefers("SalesFormsPrefs", "CustomField") or []
    names = {f["Name"]: f for each in definitions for f in each["CustomField"]}
    kept = []
    for sent in doc.get("CustomField", []):
        number = sent.get("DefinitionId")
        used = names.get(f"SalesFormsPrefs.UseSalesCustom{number}", {})
        title = names.get(f"SalesFormsPrefs.SalesCustomName{number}", {}).get("StringValue", "")
        if used.get("BooleanValue"):
            kept.append({**sent, "Name": title, "Type": "StringType"})
    return kept


def _due(act: Act, doc: Doc) -> None:
    """An explicit date wins, else the term: of the invoice, the customer, the company."""
    if "DueDate" in doc:
        return
    customer = act.company.get("Customer", doc["CustomerRef"]["value"])
    default = act.company.prefers("SalesFormsPrefs", "DefaultTerms")
    chosen = doc.get("SalesTermRef") or customer.get("SalesTermRef") or default
    term = act.company.find("Term", chosen["value"]) if chosen else None
    if term is not None:
        doc["SalesTermRef"] = {"value": term["Id"]}
    doc["DueDate"] = due(date.fromisoformat(doc["TxnDate"]), term).isoformat()


def due(start: date, term: Doc | None) -> date:
    """So many days later, or on the next such day of a month."""
    if term is None:
        return start
    if "DueDays" in term:
        return start + timedelta(days=term["DueDays"])
    months = 0 if start.day + term.get("DueNextMonthDays", 0) <= term["DayOfMonthDue"] else 1
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(term["DayOfMonthDue"], last))


def _deposit(act: Act, doc: Doc) -> None:
    if not doc.get("Deposit"):
        doc.pop("Deposit", None)
    elif not act.company.prefers("SalesFormsPrefs", "AllowDeposit"):
        raise business("Deposits are not turned on in this company", "Deposit")
    elif "DepositToAccountRef" not in doc:
        raise missing("DepositToAccountRef")
    else:
        act.company.referred("Account", doc, "DepositToAccountRef")


def _home(company: Company, doc: Doc) -> None:
    if company.multicurrency:
        rate = doc.get("ExchangeRate", Decimal(1))
        doc["HomeTotalAmt"] = cents(doc["TotalAmt"] * rate)
        doc["HomeBalance"] = cents(doc["Balance"] * rate)

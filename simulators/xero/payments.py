"""Payments of invoices, and taking them back."""

from __future__ import annotations

from decimal import Decimal

from . import invoices
from .documents import check_lock
from .organisation import Act, Doc, clone, new_id, record
from .refusals import Invalid


def create(act: Act, sent: Doc) -> Doc:
    """Money for an approved invoice."""
    invoice = _invoice(act, sent)
    account = _account(act, sent)
    amount = act.cents(sent.get("Amount") or invoices.ZERO)
    day = sent.get("Date") or act.today.isoformat()
    _check(invoice, amount)
    check_lock(act, day)
    doc = {
        "PaymentID": new_id(), "Date": day, "Amount": amount,
        "Reference": sent.get("Reference", ""),
        "CurrencyRate": sent.get("CurrencyRate") or invoice["CurrencyRate"],
        "PaymentType": f"{invoice['Type']}PAYMENT", "Status": "AUTHORISED",
        "IsReconciled": sent.get("IsReconciled", False), "UpdatedDateUTC": act.stamp,
        "Invoice": {"InvoiceID": invoice["InvoiceID"]},
        "Account": {"AccountID": account["AccountID"], "Code": account.get("Code")},
    }  # fmt: skip
    act.org.put("Payment", doc)
    paid = {**clone(invoice), "_payments": [*invoice["_payments"], doc["PaymentID"]]}
    invoices.refresh(act, paid, day=day)
    record(act, invoice["InvoiceID"], "Paid", f"Payment of {amount:,.2f} on {day}.")
    return doc


def delete(act: Act, payment: Doc) -> Doc:
    """Take a payment back: the invoice is open again."""
    if payment["Status"] == "DELETED":
        raise Invalid("simulated: This payment has been deleted already.")
    if payment["IsReconciled"] and act.by == "api":
        raise Invalid("simulated: A reconciled payment can't be deleted.")
    check_lock(act, payment["Date"])
    gone = {**clone(payment), "Status": "DELETED", "UpdatedDateUTC": act.stamp}
    act.org.put("Payment", gone)
    invoice = clone(act.org.docs["Invoice"][payment["Invoice"]["InvoiceID"]])
    invoice["_payments"].remove(payment["PaymentID"])
    invoices.refresh(act, invoice, day=payment["Date"])
    record(act, invoice["InvoiceID"], "Payment Deleted", f"Payment of {payment['Amount']:,.2f}.")
    return gone


def _check(invoice: Doc, amount: Decimal) -> None:
    if invoice["Status"] != "AUTHORISED":
        raise Invalid("Payments can only be made against Authorised documents")
    if amount <= 0:
        raise Invalid("The payment amount must be greater than zero")
    if amount > invoice["AmountDue"]:
        raise Invalid("Payment amount exceeds the amount outstanding on this document")


def _invoice(act: Act, sent: Doc) -> Doc:
    link = sent.get("Invoice", {})
    id = link.get("InvoiceID", "")
    number = link.get("InvoiceNumber") or sent.get("InvoiceNumber")
    found = act.org.find("Invoice", id)
    if found is None and number:
        found = next(iter(act.org.numbered(number, act.switches)), None)
    if found is None:
        raise Invalid("simulated: The payment names no known invoice.")
    return found


def _account(act: Act, sent: Doc) -> Doc:
    link = sent.get("Account", {})
    code = link.get("Code") or sent.get("Code")
    found = act.org.find("Account", link.get("AccountID", ""))
    if found is None and code:
        found = act.org.account(code)
    payable = found and (found["Type"] == "BANK" or found["EnablePaymentsToAccount"])
    if found is None or found["Status"] != "ACTIVE" or not payable:
        raise Invalid("simulated: The account is not a bank account and does not take payments.")
    return found

"""Payments: money that settles invoices, with the help of credit memos."""

from __future__ import annotations

from decimal import Decimal

from . import links
from .company import Act, Doc, cents, clone, touch
from .refusals import Refused, business, missing, not_simulated
from .sales import check_currency, check_period, mark_void, settle_balance, settle_credit

SETTLED = {"Invoice": settle_balance, "CreditMemo": settle_credit}


def prepare_payment(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """A payment whose parts fit what they pay. What is applied nowhere stays as credit."""
    check_deposited(act, before)
    for name in ("CustomerRef", "TotalAmt"):
        if name not in doc:
            raise missing(name)
    customer = act.company.referred("Customer", doc, "CustomerRef")
    assert customer is not None  # noqa: S101 - there is a reference
    doc.setdefault("TxnDate", act.today.isoformat())
    check_period(act, doc, before)
    doc.setdefault("CurrencyRef", dict(customer["CurrencyRef"]))
    check_currency(act, doc, customer)
    act.company.referred("PaymentMethod", doc, "PaymentMethodRef")
    act.company.referred("Account", doc, "DepositToAccountRef")
    doc["TotalAmt"] = cents(doc["TotalAmt"])
    doc["Line"] = [_line(line) for line in doc.get("Line", [])]
    doc["LinkedTxn"] = []
    doc.setdefault("ProcessPayment", False)
    return spread(act, doc, before)


def spread(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """What remains unapplied; 6000 when more is applied than is open or was paid."""
    wanted, held = links.shares(doc), links.shares(before)
    for (kind, id), amount in wanted.items():
        target = act.company.referred(kind, {"LinkedTxn": {"value": id}}, "LinkedTxn")
        if not target or target["CustomerRef"]["value"] != doc["CustomerRef"]["value"]:
            raise business(
                "A payment can only be applied to documents of its customer", "LinkedTxn"
            )
        if amount > target["Balance"] + held[kind, id]:
            raise business("You can not apply more than the open balance", "Amount")
    paid = sum((amount for (kind, _), amount in wanted.items() if kind == "Invoice"), Decimal(0))
    credit = sum((amount for (kind, _), amount in wanted.items() if kind != "Invoice"), Decimal(0))
    doc["UnappliedAmt"] = doc["TotalAmt"] + credit - paid
    if doc["UnappliedAmt"] < 0:
        raise business("The amounts applied are more than the amount received", "Amount")
    return doc


def settle_payment(act: Act, before: Doc | None, after: Doc | None) -> None:
    """Every document that a payment touched gets its new balance and version."""
    payment = after or before
    assert payment is not None  # noqa: S101 - one of them is there
    old, new = links.shares(before), links.shares(after)
    for kind, id in {**old, **new}:
        if old[kind, id] == new[kind, id]:
            continue
        target = clone(act.company.get(kind, id))
        mine = {"TxnId": payment["Id"], "TxnType": "Payment"}
        others = [link for link in target.get("LinkedTxn", []) if link != mine]
        target["LinkedTxn"] = others + ([mine] if new[kind, id] else [])
        SETTLED[kind](act.company, target)
        touch(act, kind, target)


def void_payment(act: Act, doc: Doc) -> Doc:
    """The money is gone; what it paid is open again."""
    check_deposited(act, doc)
    check_period(act, doc)
    zero = Decimal(0)
    doc |= {"TotalAmt": zero, "UnappliedAmt": zero, "Line": []}
    mark_void(act.company, doc)
    return doc


def check_deposited(act: Act, doc: Doc | None) -> None:
    """6540 once a person has put the payment into a bank deposit."""
    if doc and doc.get("_deposited") and act.by == "api":
        raise Refused("6540", "This transaction has been deposited.")


def release(act: Act, kind: str, id: str) -> None:
    """Take a document that lost its money out of all payments; they keep it as unapplied credit."""
    for payment in list(act.company.of("Payment")):
        if links.shares(payment)[kind, id]:
            freed = clone(payment)
            freed["Line"] = [line for line in freed["Line"] if line["LinkedTxn"][0]["TxnId"] != id]
            touch(act, "Payment", spread(act, freed, freed))


def apply_credits(act: Act, invoice: Doc) -> Doc | None:
    """The payment of 0 by which a company that applies credits by itself settles a new invoice. A
    credit of the running batch is not seen yet.
    """
    if not act.company.prefers("SalesFormsPrefs", "AutoApplyCredit"):
        return None
    lines, left = [], invoice["Balance"]
    for memo in act.company.of("CreditMemo"):
        share = min(left, memo["RemainingCredit"])
        same = memo["CustomerRef"]["value"] == invoice["CustomerRef"]["value"]
        if share > 0 and same and ("CreditMemo", memo["Id"]) not in act.company.unseen:
            lines.append(part("CreditMemo", memo["Id"], share))
            left -= share
    if not lines:
        return None
    used = invoice["Balance"] - left
    lines.append(part("Invoice", invoice["Id"], used))
    return {
        "CustomerRef": {"value": invoice["CustomerRef"]["value"]}, "TotalAmt": Decimal(0),
        "TxnDate": invoice["TxnDate"], "Line": lines,
    }  # fmt: skip


def part(kind: str, id: str, amount: Decimal) -> Doc:
    """One line of a payment."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def _line(line: Doc) -> Doc:
    if "Amount" not in line:
        raise missing("Amount")
    linked = line.get("LinkedTxn", [])
    if len(linked) != 1:
        raise missing("LinkedTxn")
    for name in ("TxnId", "TxnType"):
        if name not in linked[0]:
            raise missing(name)
    if linked[0]["TxnType"] not in SETTLED:
        raise not_simulated(f"a payment of {linked[0]['TxnType']}")
    if line["Amount"] < 0:
        raise business("The amount of a line is positive", "Amount")
    return part(linked[0]["TxnType"], linked[0]["TxnId"], cents(line["Amount"]))

"""Which documents settle which: payments on invoices and credit memos, time on invoices."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from .company import Act, Company, Doc
from .refusals import business, not_simulated

TIME = "TimeActivity"


def applied(company: Company, kind: str, doc: Doc) -> tuple[Decimal, list[Doc]]:
    """How much payments apply to a document, and the links that it shows for them."""
    ids = [link["TxnId"] for link in doc.get("LinkedTxn", []) if link["TxnType"] == "Payment"]
    total, links = Decimal(0), []
    for id in ids:
        payment = company.find("Payment", id)
        share = shares(payment)[kind, doc["Id"]] if payment else Decimal(0)
        if share:
            total += share
            links.append({"TxnId": id, "TxnType": "Payment"})
    return total, links


def shares(payment: Doc | None) -> defaultdict[tuple[str, str], Decimal]:
    """What a payment puts where: (kind, id) -> amount."""
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in (payment or {}).get("Line", []):
        for link in line.get("LinkedTxn", []):
            found[link["TxnType"], link["TxnId"]] += line["Amount"]
    return found


def of_time(doc: Doc) -> list[Doc]:
    """Links of an invoice to the time that it bills, from its head and its lines."""
    places = [doc, *doc.get("Line", [])]
    links = [link for place in places for link in place.get("LinkedTxn", [])]
    ids = dict.fromkeys(link["TxnId"] for link in links if link["TxnType"] == TIME)
    return [{"TxnId": id, "TxnType": TIME} for id in ids]


def check_time(act: Act, doc: Doc, before: Doc | None) -> None:
    """An invoice may bill time that exists, is billable and is not billed yet. Other links are made
    by other documents: those that a client sends back are the server's.
    """
    known = {"Payment", "CreditMemo", TIME, ""}
    for place in (doc, *doc["Line"]):
        for link in place.get("LinkedTxn", []):
            if link.get("TxnType", "") not in known:
                raise not_simulated(f"a link to {link['TxnType']}")
    held = {link["TxnId"] for link in of_time(before or {})}
    for link in of_time(doc):
        activity = act.company.referred(TIME, {"LinkedTxn": {"value": link["TxnId"]}}, "LinkedTxn")
        if activity and link["TxnId"] not in held and activity["BillableStatus"] != "Billable":
            raise business("This time activity can not be billed", "LinkedTxn")
    # Links to payments are ours alone.
    others = [link for link in (before or {}).get("LinkedTxn", []) if link["TxnType"] == "Payment"]
    doc["LinkedTxn"] = of_time(doc) + others

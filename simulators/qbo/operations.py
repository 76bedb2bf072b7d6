"""What a client can do to a company file, the same alone and inside a batch."""

from __future__ import annotations

from typing import Any

from . import records, seeds
from .company import Act, Doc, bump, clone
from .kind import Kind
from .kinds import BY_PATH, KINDS, OTHERS, READ_ONLY
from .query import exchange_rates
from .refusals import Refused, business, missing, not_simulated, unsupported
from .rendering import render, shout

INACTIVE_COMPANY = "Subscription period has ended or canceled or there was a billing problem"


def write(act: Act, kind: Kind, operation: str, sent: Any) -> Doc:
    """Create, update, delete or void, and what to answer. "" decides by the Id."""
    check_company(act)
    if not isinstance(sent, dict):
        raise unsupported(kind.name, f"Can not deserialize instance of {kind.name}")
    if operation == "delete":
        return {kind.name: records.delete(act, kind, sent)}
    if operation == "void" or (operation == "update" and "void" in act.include):
        shown = render(act.company, kind.name, records.void(act, kind, sent))
        return {kind.name: shout(shown) if act.switches.void_enum_spelling == "shouted" else shown}
    if operation not in ("", "create", "update"):
        raise not_simulated(f"the operation {operation}")
    changes = operation == "update" or (
        operation == "" and sent.get("Id") not in (None, "", 0, "0")
    )
    doc = (records.update if changes else records.create)(act, kind, sent)
    return {kind.name: render(act.company, kind.name, doc)}


def check_company(act: Act) -> None:
    """6190 for writes to a company whose subscription ended."""
    if not act.company.subscribed:
        raise Refused("6190", INACTIVE_COMPANY)


def read(act: Act, name: str, id: str) -> Doc:
    """One record by its id, wrapped in its name."""
    company = act.company
    if name in ("CompanyInfo", "Preferences"):
        return {
            name: render(
                company, name, company.info if name == "CompanyInfo" else company.preferences
            )
        }
    if not id.isdecimal() and name != "TaxCode":
        raise Refused("2030", f"Invalid ID : {id}")
    doc = render(company, name, company.get(name, id))
    pays = doc.get("AllowOnlineCreditCardPayment") or doc.get("AllowOnlineACHPayment")
    if name == "Invoice" and "invoiceLink" in act.include and pays:
        doc["InvoiceLink"] = f"https://connect.intuit.com/t/simulated-{company.realm}-{id}"
    return {name: doc}


def exchange_rate(act: Act, code: str) -> Doc:
    """The rate of a currency; 610 for one that the company does not have."""
    for rate in exchange_rates(act):
        if rate["SourceCurrencyCode"] == code and act.company.multicurrency:
            return {"ExchangeRate": rate}
    raise Refused("610", f"Object Not Found : no exchange rate for {code}")


def send(act: Act, kind: Kind, id: str, to: str) -> Doc:
    """Mail a document, each time. A bad address is no error here: the delivery shows it."""
    check_company(act)
    if not kind.sendable:
        raise not_simulated(f"sending of {kind.name}")
    doc = clone(act.company.get(kind.name, id))
    if to:
        doc["BillEmail"] = {"Address": to}
    if "BillEmail" not in doc:
        raise business("An e-mail address is needed to send this", "BillEmail")
    address = doc["BillEmail"]["Address"]
    info = {"DeliveryType": "Email", "DeliveryTime": act.stamp}
    if not ("@" in address and "." in address):
        info["DeliveryErrorType"] = "Undeliverable"
    doc |= {"EmailStatus": "EmailSent", "DeliveryInfo": info}
    bump(act, doc)
    act.company.put(kind.name, doc)
    act.company.mails.append({"to": address, "kind": kind.name, "id": id, "at": act.stamp})
    act.company.notify(kind.name, id, "emailed", at=act.stamp)
    return {kind.name: render(act.company, kind.name, doc)}


def add_tax_code(act: Act, sent: Any) -> Doc:
    """The tax service: a code with new or known rates, answered without a wrapper. Not for
    companies whose tax is automated.
    """
    check_company(act)
    if act.company.automated_tax:
        raise Refused("500", "TaxService is not supported for companies with automated sales tax")
    sent = sent if isinstance(sent, dict) else {}
    for name in ("TaxCode", "TaxRateDetails"):
        if not sent.get(name):
            raise missing(name)
    if any(doc["Name"].lower() == sent["TaxCode"].lower() for doc in act.company.of("TaxCode")):
        raise Refused("6240", "The name supplied already exists.", "TaxCode")
    shown = [_tax_rate(act, detail) for detail in sent["TaxRateDetails"]]
    code = seeds.add_tax_code(act, sent["TaxCode"], [each["TaxRateId"] for each in shown])
    act.company.notify("TaxCode", code, "created", at=act.stamp)
    return {"TaxCode": sent["TaxCode"], "TaxCodeId": code, "TaxRateDetails": shown}


def _tax_rate(act: Act, detail: Doc) -> Doc:
    if known := detail.get("TaxRateId"):
        rate = act.company.get("TaxRate", str(known))
        return {
            "TaxRateName": rate["Name"],
            "TaxRateId": rate["Id"],
            "RateValue": rate["RateValue"],
        }
    for name in ("TaxRateName", "RateValue", "TaxAgencyId"):
        if detail.get(name) in (None, ""):
            raise missing(name)
    name, percent, agency = (
        detail["TaxRateName"],
        str(detail["RateValue"]),
        str(detail["TaxAgencyId"]),
    )
    act.company.referred("TaxAgency", {"TaxAgencyId": {"value": agency}}, "TaxAgencyId")
    id = seeds.add_tax_rate(act, name, percent, agency)
    rate = act.company.get("TaxRate", id)
    return {
        "TaxRateName": name, "TaxRateId": id, "RateValue": rate["RateValue"],
        "TaxAgencyId": agency, "TaxApplicableOn": detail.get("TaxApplicableOn", "Sales"),
    }  # fmt: skip


def kind_at(path: str) -> str:
    """The kind of record that a path names, in any case; SystemFault 10000 for none, and a loud no
    for what is not simulated.
    """
    name = BY_PATH.get(path.lower())
    if name is None:
        raise Refused(
            "10000", f"System Failure Error: Could not find resource for relative : {path}"
        )
    if name in OTHERS:
        raise not_simulated(f"the resource {name}")
    return name


def writable(name: str) -> Kind:
    if name in READ_ONLY:
        raise not_simulated(f"writing of {name}")
    return KINDS[name]

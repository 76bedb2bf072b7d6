"""Time that somebody worked, billable or not."""

from __future__ import annotations

from . import links
from .company import Act, Doc, clone, touch
from .lines import place
from .refusals import Refused, business, missing, not_simulated

RANGES = {"Hours": 8760, "Minutes": 59, "Seconds": 59}


def prepare_time(act: Act, doc: Doc, before: Doc | None) -> Doc:
    """Who worked how long, and whether it can be billed. Billed time is not changed any more."""
    if before is not None and before["BillableStatus"] == "HasBeenBilled":
        raise business("This time activity has been billed and can not be changed")
    _worker(act, doc)
    doc.setdefault("TxnDate", act.today.isoformat())
    _duration(doc)
    status = doc.setdefault("BillableStatus", "NotBillable")
    if status == "HasBeenBilled":
        raise Refused("2170", "Invalid Enumeration : HAS_BEEN_BILLED")
    act.company.referred("Customer", doc, "CustomerRef")
    if status == "Billable":
        for name in ("CustomerRef", "HourlyRate"):
            if name not in doc:
                raise missing(name)
    default = act.company.prefers("TimeTrackingPrefs", "DefaultTimeItem")
    if "ItemRef" not in doc and default:
        doc["ItemRef"] = {"value": default["value"]}
    item = act.company.referred("Item", doc, "ItemRef")
    if item is not None and item["Type"] != "Service":
        raise business("Time is recorded for service items", "ItemRef")
    place(act, doc, "ClassRef", "ClassTrackingPerTxn")
    place(act, doc, "DepartmentRef", "TrackDepartments")
    return doc


def check_delete_time(act: Act, doc: Doc) -> None:
    if doc["BillableStatus"] == "HasBeenBilled":
        raise business("This time activity has been billed and can not be deleted")


def settle_time(act: Act, before: Doc | None, after: Doc | None) -> None:
    """Time that an invoice bills is billed; time that it no longer bills can be billed again."""
    old = {link["TxnId"] for link in links.of_time(before or {})}
    new = {link["TxnId"] for link in links.of_time(after or {})}
    for id in old ^ new:
        activity = clone(act.company.get(links.TIME, id))
        activity["BillableStatus"] = "HasBeenBilled" if id in new else "Billable"
        touch(act, links.TIME, activity)


def _worker(act: Act, doc: Doc) -> None:
    kind = doc.get("NameOf")
    if kind is None:
        raise missing("NameOf")
    if kind == "Other":
        raise not_simulated("time of NameOf Other")
    if f"{kind}Ref" not in doc:
        raise missing(f"{kind}Ref")
    act.company.referred(kind, doc, f"{kind}Ref")


def _duration(doc: Doc) -> None:
    by_clock = "StartTime" in doc and "EndTime" in doc
    for name in ("StartTime", "EndTime"):
        if doc.get(name, "")[2:3] == ":":
            doc[name] = f"{doc['TxnDate']}T{doc[name]}"  # a time alone is one of that day
    if not by_clock and "Hours" not in doc and "Minutes" not in doc:
        raise missing("Hours")
    for name, most in RANGES.items():
        if not 0 <= doc.get(name, 0) <= most:
            raise Refused("2090", f"Invalid value : 0 to {most} supported", name)

"""Time that technicians worked."""

from __future__ import annotations

import pytest
from quickbooks.exceptions import ValidationException
from quickbooks.objects import TimeActivity

from . import sdk


def worked(employee="68", **fields):
    body = {
        "NameOf": "Employee", "EmployeeRef": {"value": employee}, "TxnDate": "2026-11-18",
        "Hours": 1, "Minutes": 30, "CustomerRef": {"value": "58"}, "HourlyRate": 100,
        "BillableStatus": "Billable", "Description": "Ticket 4711 [src=app;id=te_01H]",
    }  # fmt: skip
    return {name: value for name, value in {**body, **fields}.items() if value is not None}


@pytest.fixture
def employee(api):
    return api.query("select * from Employee").json()["QueryResponse"]["Employee"][0]["Id"]


def test_the_sdk_records_time(client, employee):
    """E24"""
    made = TimeActivity.from_json(worked(employee)).save(qb=client)
    read = TimeActivity.get(made.Id, qb=client)
    assert (read.Hours, read.Minutes, read.HourlyRate) == (1, 30, 100)
    assert read.EmployeeRef.name == "Priya Raman"
    assert read.ItemRef.name == "Hours"  # the company's default


@pytest.mark.parametrize(
    ("change", "code", "element"),
    [
        ({"NameOf": None}, "2020", "NameOf"),
        ({"EmployeeRef": None}, "2020", "EmployeeRef"),
        ({"NameOf": "Vendor"}, "2020", "VendorRef"),
        ({"NameOf": "Robot"}, "2010", "NameOf"),
        ({"Hours": None, "Minutes": None}, "2020", "Hours"),
        ({"CustomerRef": None}, "2020", "CustomerRef"),
        ({"HourlyRate": None}, "2020", "HourlyRate"),
        ({"Hours": 8761}, "2090", "Hours"),
        ({"Minutes": 60}, "2090", "Minutes"),
        ({"Hours": -1}, "2090", "Hours"),
        ({"BillableStatus": "HasBeenBilled"}, "2170", ""),
        ({"EmployeeRef": {"value": "9999"}}, "2500", "EmployeeRef"),
        ({"ItemRef": {"value": "7"}}, "6000", "ItemRef"),
        ({"Description": "d" * 4001}, "2050", "Description"),
        ({"StartTime": "noon"}, "2010", "StartTime"),
    ],
)
def test_rules_of_time(api, employee, change, code, element):
    """E24"""
    error = api.refused("timeactivity", worked(**{"employee": employee, **change}))
    assert (error["code"], error["element"]) == (code, element)


def test_time_that_is_not_billable_needs_no_rate(api, employee):
    """E24"""
    body = worked(employee, BillableStatus=None, CustomerRef=None, HourlyRate=None)
    assert api.create("TimeActivity", body)["BillableStatus"] == "NotBillable"


def test_times_of_the_clock_stand_for_a_duration(api, employee):
    body = worked(
        employee, Hours=None, Minutes=None, StartTime="08:00:00-08:00", EndTime="09:00:00-08:00"
    )
    answer = api.post("timeactivity", body)
    assert answer.status_code == 200


def test_a_vendor_works_too(api):
    vendors = api.query("select * from Vendor").json()["QueryResponse"]["Vendor"]
    ref = {"value": vendors[0]["Id"]}
    body = worked(NameOf="Vendor", EmployeeRef=None, VendorRef=ref)
    assert api.create("TimeActivity", body)["VendorRef"]["name"] == "Ingram Supplies"
    assert api.post("timeactivity", worked(NameOf="Other")).status_code == 501


def test_an_invoice_bills_time_by_linking_it(qbo, api, employee):
    """E24"""
    time = api.create("TimeActivity", worked(employee))
    link = [{"TxnId": time["Id"], "TxnType": "TimeActivity"}]
    made = api.create("Invoice", sdk.invoice({**sdk.line("150"), "LinkedTxn": link}))
    assert made["LinkedTxn"] == link
    billed = api.read("TimeActivity", time["Id"])
    assert (billed["BillableStatus"], billed["SyncToken"]) == ("HasBeenBilled", "1")
    again = api.refused("invoice", sdk.invoice({**sdk.line("150"), "LinkedTxn": link}))
    assert again["code"] == "6000"
    version = {"Id": time["Id"], "SyncToken": "1", "sparse": True}
    assert api.refused("timeactivity", {**version, "Hours": 3})["code"] == "6000"
    assert api.refused("timeactivity", version, operation="delete")["code"] == "6000"
    qbo.as_person.void("Invoice", made["Id"])
    assert api.read("TimeActivity", time["Id"])["BillableStatus"] == "Billable"


def test_deleting_the_invoice_frees_its_time(qbo, api, employee):
    """E24"""
    time = api.create("TimeActivity", worked(employee))
    link = [{"TxnId": time["Id"], "TxnType": "TimeActivity"}]
    made = api.create("Invoice", sdk.invoice(LinkedTxn=link))
    qbo.as_person.delete("Invoice", made["Id"])
    assert api.read("TimeActivity", time["Id"])["BillableStatus"] == "Billable"
    api.create("Invoice", sdk.invoice(LinkedTxn=link))


def test_only_billable_time_is_billed(api, employee):
    time = api.create("TimeActivity", worked(employee, BillableStatus="NotBillable"))
    link = [{"TxnId": time["Id"], "TxnType": "TimeActivity"}]
    assert api.refused("invoice", sdk.invoice(LinkedTxn=link))["code"] == "6000"
    missing = [{"TxnId": "9999", "TxnType": "TimeActivity"}]
    assert api.refused("invoice", sdk.invoice(LinkedTxn=missing))["code"] == "2500"
    estimate = [{"TxnId": "1", "TxnType": "Estimate"}]
    assert api.post("invoice", sdk.invoice(LinkedTxn=estimate)).status_code == 501


def test_time_is_found_by_date_and_status_only(api, client, employee):
    api.create("TimeActivity", worked(employee))
    where = "where TxnDate >= '2026-11-18' and BillableStatus = 'Billable'"
    assert api.query(f"select * from TimeActivity {where}").json()["QueryResponse"]["TimeActivity"]
    with pytest.raises(ValidationException):
        TimeActivity.where("CustomerRef = '58'", qb=client)


def test_time_can_be_deleted(qbo, api, employee):
    time = api.create("TimeActivity", worked(employee))
    api.post("timeactivity", {"Id": time["Id"], "SyncToken": "0"}, operation="delete")
    assert qbo.documents("TimeActivity") == []

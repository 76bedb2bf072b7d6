"""Objects of python-quickbooks used the way its users do: fill, save, read, change, save again."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from quickbooks.helpers import qb_datetime_utc_offset_format
from quickbooks.objects import (
    Account,
    Class,
    CreditMemo,
    Customer,
    Department,
    Employee,
    Invoice,
    Item,
    Payment,
    PaymentMethod,
    Preferences,
    SalesItemLine,
    SalesItemLineDetail,
    TaxAgency,
    TaxCode,
    TaxRate,
    Term,
    TimeActivity,
    Vendor,
)
from quickbooks.objects.base import Address, CustomerMemo, EmailAddress, PhoneNumber
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.exchangerate import ExchangeRate

from . import sdk

LISTS = [Account, Class, Customer, Department, Employee, Item, PaymentMethod, Term, Vendor]


def sale(kind, client):
    made = kind()
    made.CustomerRef = Customer.all(max_results=1, qb=client)[0].to_ref()
    line = SalesItemLine()
    line.LineNum, line.Description, line.Amount = 1, "description", 100
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.all(max_results=1, qb=client)[0].to_ref()
    made.Line.append(line)
    made.CustomerMemo = CustomerMemo()
    made.CustomerMemo.value = "Customer memo"
    return made


@pytest.mark.parametrize("kind", LISTS)
def test_an_entry_of_a_list_goes_back_as_it_came(client, kind):
    entry = kind.all(max_results=1, qb=client)[0]
    saved = entry.save(qb=client)
    assert saved.SyncToken == "1"
    before, after = (json.loads(each.to_json()) for each in (entry, saved))
    for changes in ("SyncToken", "MetaData", "sparse"):
        del before[changes], after[changes]
    assert after == before


@pytest.mark.parametrize("kind", [TaxAgency, TaxCode, TaxRate])
def test_what_is_only_read_can_be_read(client, kind):
    first = kind.all(qb=client)[0]
    assert kind.get(first.Id, qb=client).Id == first.Id


@pytest.mark.parametrize("kind", [Invoice, CreditMemo])
def test_a_sale_goes_back_as_it_came(client, kind):
    made = sale(kind, client)
    made.save(qb=client)
    read = kind.get(made.Id, qb=client)
    assert read.CustomerMemo.value == "Customer memo"
    read.PrivateNote = "Test"
    changed = read.save(qb=client)
    assert (changed.PrivateNote, changed.TotalAmt, changed.SyncToken) == ("Test", 100, "1")
    assert [line.DetailType for line in changed.Line] == [line.DetailType for line in read.Line]


def test_a_deleted_invoice_is_not_found_any_more(client):
    made = sale(Invoice, client)
    made.save(qb=client)
    made.delete(qb=client)
    assert Invoice.filter(Id=made.Id, qb=client) == []


def test_a_customer_keeps_everything_that_was_said(client):
    made = Customer()
    made.Title, made.GivenName, made.MiddleName = "Mr", "James", "B"
    made.FamilyName, made.Suffix = "King", "Jr"
    made.DisplayName = made.CompanyName = "King & Co"
    made.BillAddr = Address()
    made.BillAddr.Line1, made.BillAddr.City, made.BillAddr.Country = "123 Main", "City", "U.S.A"
    made.PrimaryPhone = PhoneNumber()
    made.PrimaryPhone.FreeFormNumber = "555-555-5555"
    made.PrimaryEmailAddr = EmailAddress()
    made.PrimaryEmailAddr.Address = "test@email.example"
    made.save(qb=client)
    read = Customer.get(made.Id, qb=client)
    for name in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix", "DisplayName"):
        assert getattr(read, name) == getattr(made, name)
    assert read.BillAddr.Line1 == "123 Main"
    assert read.PrimaryPhone.FreeFormNumber == "555-555-5555"
    assert read.PrimaryEmailAddr.Address == "test@email.example"


def test_an_inventory_item_is_bound_to_three_accounts(client):
    def account(subtype):
        return Account.where(f"AccountSubType = '{subtype}'", qb=client)[0].to_ref()

    made = Item()
    made.Name, made.Type, made.TrackQtyOnHand, made.QtyOnHand = "Disk", "Inventory", True, 10
    made.InvStartDate = "2015-01-01"
    made.IncomeAccountRef = account("SalesOfProductIncome")
    made.ExpenseAccountRef = account("SuppliesMaterialsCogs")
    made.AssetAccountRef = account("Inventory")
    made.save(qb=client)
    read = Item.get(made.Id, qb=client)
    assert (read.QtyOnHand, read.AssetAccountRef.name) == (10, "Inventory Asset")


def test_a_payment_is_received_changed_and_voided(client):
    made = Payment()
    made.TotalAmt = 140.0
    made.CustomerRef = Customer.all(max_results=1, qb=client)[0].to_ref()
    made.PaymentMethodRef = PaymentMethod.all(max_results=1, qb=client)[0].to_ref()
    made.save(qb=client)
    read = Payment.get(made.Id, qb=client)
    assert (read.TotalAmt, read.UnappliedAmt, read.PaymentMethodRef.name) == (140, 140, "Check")
    read.PrivateNote = "By post"
    read.save(qb=client).void(qb=client)
    read = Payment.get(made.Id, qb=client)
    assert (read.TotalAmt, read.PrivateNote) == (0, "Voided - By post")


def test_time_is_recorded_and_changed(client):
    made = TimeActivity()
    made.NameOf, made.Description, made.CostRate = "Employee", "Test", 50.0
    made.EmployeeRef = Employee.all(max_results=1, qb=client)[0].to_ref()
    made.StartTime = qb_datetime_utc_offset_format(datetime(2026, 7, 22, 10, 0), "-07:00")
    made.EndTime = qb_datetime_utc_offset_format(datetime(2026, 7, 22, 11, 0), "-07:00")
    made.save(qb=client)
    read = TimeActivity.get(made.Id, qb=client)
    read.Description, read.CostRate = "Changed", 75.0
    read.save(qb=client)
    read = TimeActivity.get(made.Id, qb=client)
    assert (read.Description, read.CostRate) == ("Changed", 75)


def test_currencies_and_rates_are_listed(qbo):
    client = sdk.client(qbo, qbo.add_company("us-multicurrency"))
    assert {each.Code for each in CompanyCurrency.all(qb=client)} == {"USD", "CAD", "EUR", "GBP"}
    rates = ExchangeRate.where("SourceCurrencyCode in ('EUR', 'GBP')", qb=client)
    assert [each.Rate for each in rates] == [1.085, 1.2731]


def test_preferences_are_read(client):
    assert Preferences.get(qb=client).SalesFormsPrefs.CustomTxnNumbers is True

"""Reading: behaviours 47 to 52."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from xero_python.accounting import AccountType, TaxComponent, TaxRate

from simulators.xero.regions import REGIONS

from . import sdk

ODD = {"x-odd": "Xero takes it, its description does not"}


@pytest.fixture
def three(api):
    """Three invoices: A-1 approved, A-2 a draft for somebody else, A-3 in dollars."""
    return [
        api.create(InvoiceNumber="A-1", Reference="monthly"),
        api.create(InvoiceNumber="A-2", Status="DRAFT", Contact={"Name": "Ballard Boatworks"}),
        api.create(sdk.invoice(sdk.line("7.00")), InvoiceNumber="A-3", CurrencyCode="USD"),
    ]


def numbers(api, **params):
    return [each["InvoiceNumber"] for each in api.read("Invoices", **params)]


def test_b47_without_page_summaries_with_page_lines(api, client, three):
    [short, *_] = api.read("Invoices")
    assert short["LineItems"] == []
    assert "Payments" not in short
    [whole, *_] = api.read("Invoices", page=1)
    assert len(whole["LineItems"]) == 1
    assert client.accounting.get_invoices(client.tenant, page=1).invoices[0].line_items
    assert api.read("Invoices", page=1, summaryOnly="true")[0]["LineItems"] == []


def test_b47_pages(api, xero, three):
    assert numbers(api, page=2, pageSize=2) == ["A-3"]
    body = api.get("Invoices", page=1, pageSize=2).json()
    assert body["pagination"] == {"page": 1, "pageSize": 2, "pageCount": 2, "itemCount": 3}
    assert numbers(api, page=9) == []
    for wrong in ({"page": 0}, {"page": "x"}, {"page": 1, "pageSize": 0}):
        assert api.get("Invoices", **wrong).status_code == 400
    xero.switch(pagination=False)
    assert "pagination" not in api.get("Invoices", page=1).json()


def test_b48_if_modified_since_to_the_second(sims, api, client, person):
    api.create(InvoiceNumber="A-1")
    sims.clock.move(minutes=5)
    edge = sims.clock.now()
    api.create(InvoiceNumber="A-2")

    def since(moment):
        found = client.accounting.get_invoices(client.tenant, if_modified_since=moment).invoices
        return [each.invoice_number for each in found]

    assert since(edge) == ["A-2"]
    sims.clock.move(minutes=5)
    person.receive_payment("A-1", 5)
    assert since(edge) == ["A-1", "A-2"]
    later = sims.clock.now()
    sims.clock.move(minutes=5)
    person.mark_sent("A-2")  # one of the changes that do not count
    assert since(later.replace(microsecond=0)) == ["A-1"]
    wrong = api.call("GET", "Invoices", headers={"If-Modified-Since": "yesterday"})
    assert wrong.status_code == 400
    naive = api.call("GET", "Invoices", headers={**ODD, "If-Modified-Since": "2026-11-20T00:00:00"})
    assert len(sdk.records(naive)) == 2


def test_b48_payments_may_go_unseen(sims, xero, api, person):
    made = api.create()
    before = api.invoice(made["InvoiceID"])["UpdatedDateUTC"]
    xero.switch(payments_bump=False)
    sims.clock.move(minutes=5)
    person.receive_payment(made["InvoiceID"], 5)
    assert api.invoice(made["InvoiceID"])["UpdatedDateUTC"] == before


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('Status=="AUTHORISED"', ["A-1", "A-3"]), ('status!="x"', ["A-1", "A-2", "A-3"]),
        ("AmountDue>100", ["A-1", "A-2"]), ("AmountDue<=8.05 AND Total>=8", ["A-3"]),
        ('Reference=="MONTHLY"', ["A-1"]), ("FullyPaidOnDate!=null", []),
        ('Contact.Name.Contains("boat")', ["A-2"]),
        ('InvoiceNumber.EndsWith("1") OR InvoiceNumber.StartsWith("a-3")', ["A-1", "A-3"]),
        ('(InvoiceNumber=="A-1" || InvoiceNumber=="A-2") && Status=="DRAFT"', ["A-2"]),
        ("Date>=DateTime(2026,11,20)", ["A-1", "A-2", "A-3"]),
        ("Date < DateTime(2026, 11, 20)", []), ("SentToContact==false", ["A-1", "A-2", "A-3"]),
    ],
)  # fmt: skip
def test_b49_where(api, three, where, found):
    assert numbers(api, where=where) == found


def test_b49_where_by_guid(api, three):
    contact = three[1]["Contact"]["ContactID"]
    assert numbers(api, where=f'Contact.ContactID==Guid("{contact}")') == ["A-2"]


@pytest.mark.parametrize(
    "where",
    [
        "Status", 'Status=="AUTHORISED" XOR Total>1', "Total~5", 'Status.ToLower()=="x"',
        "(Total>1", "Total>", "Total>one", "Name.Contains(5)", "5>Total", "Total>1)", "Status>5",
        "Date>=DateTime(2026)",
    ],
)  # fmt: skip
def test_b49_what_is_not_understood_is_never_everything(api, three, where):
    answer = api.get("Invoices", where=where)
    assert answer.status_code == 501
    assert "simulated" in answer.text


def test_b49_order(api, three):
    assert numbers(api, order="InvoiceNumber DESC") == ["A-3", "A-2", "A-1"]
    assert numbers(api, order="Contact.Name, InvoiceNumber DESC") == ["A-2", "A-3", "A-1"]
    assert numbers(api, order="Reference DESC,UpdatedDateUTC ASC")[0] == "A-1"
    assert api.get("Invoices", order="Total sideways").status_code == 501


def test_b50_filters(api, three, xero, person):
    ids = ",".join(each["InvoiceID"] for each in three[:2])
    assert numbers(api, IDs=ids) == ["A-1", "A-2"]
    assert numbers(api, InvoiceNumbers="a-3,none") == ["A-3"]
    assert numbers(api, Statuses="DRAFT,VOIDED") == ["A-2"]
    assert numbers(api, ContactIDs=three[1]["Contact"]["ContactID"]) == ["A-2"]
    assert numbers(api, searchTerm="month") == ["A-1"]
    references = api.call("GET", "Invoices", headers=ODD, references="monthly")
    assert len(sdk.records(references)) == 1
    person.create_invoice("Cascade Dental", 1, number="HAND")
    assert numbers(api, createdByMyApp="true") == ["A-1", "A-2", "A-3"]
    assert api.get("Invoices", IDs="x").status_code == 400


def test_b50_a_new_invoice_may_be_found_late(sims, xero, api):
    xero.switch(query_lag_seconds=4.0)
    made = api.create(InvoiceNumber="A-1")
    assert numbers(api, InvoiceNumbers="A-1") == []
    assert api.invoice(made["InvoiceID"])["InvoiceNumber"] == "A-1"
    sims.clock.move(seconds=5)
    assert numbers(api, InvoiceNumbers="A-1") == ["A-1"]


def test_b50_what_was_changed_may_be_shown_late_in_lists(sims, xero, api, person):
    made = api.create(InvoiceNumber="A-1")
    sims.clock.move(minutes=1)
    xero.switch(query_lag_seconds=30.0)
    person.rename_invoice(made["InvoiceID"], "A-2")
    sims.clock.move(seconds=20)
    assert numbers(api, IDs=made["InvoiceID"]) == numbers(api, InvoiceNumbers="A-1") == ["A-1"]
    assert numbers(api, InvoiceNumbers="A-2") == []
    assert api.invoice(made["InvoiceID"])["InvoiceNumber"] == "A-2"
    sims.clock.move(seconds=20)
    assert numbers(api, IDs=made["InvoiceID"]) == numbers(api, InvoiceNumbers="A-2") == ["A-2"]


def test_b50_a_number_in_the_path_as_old_pages_had_it(xero, api):
    api.create(InvoiceNumber="A-1")
    assert api.get("Invoices/A-1").status_code == 404
    xero.switch(number_in_path="allow")
    assert api.call("GET", "Invoices/A-1", headers=ODD).status_code == 200


def contact(api, method="PUT", path="Contacts", **fields):
    return api.call(method, path, {"Contacts": [fields]})


def test_b51_names_are_unique_among_the_active(api, person):
    assert "already assigned" in contact(api, Name="cascade DENTAL").text
    person.archive_contact("Cascade Dental")
    assert contact(api, Name="Cascade Dental").status_code == 200


@pytest.mark.parametrize("name", ["<b>", " Space", "Space ", "Two  spaces", "", "   "])
def test_b51_names_that_are_refused(api, name):
    answer = contact(api, Name=name)
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 10)


def test_b51_archived_ones_are_hidden_and_stay_as_they_are(api, person, xero):
    gone = person.archive_contact("Cascade Dental")
    assert len(api.read("Contacts")) == 9
    assert len(api.read("Contacts", includeArchived="true")) == 10
    assert len(api.read("Contacts", IDs=gone["ContactID"])) == 1
    answer = contact(api, "POST", f"Contacts/{gone['ContactID']}", FirstName="x")
    assert "Archived contacts cannot currently be edited via the API." in answer.text
    person.restore_contact("Cascade Dental")
    assert contact(api, "POST", f"Contacts/{gone['ContactID']}", FirstName="x").status_code == 200


def test_b51_the_number_of_a_contact_is_the_key_of_an_integration(api, client):
    sent = {
        "Contacts": [{"Name": "New One", "ContactNumber": "C-7", "EmailAddress": "a@b.example"}]
    }
    [made] = client.accounting.create_contacts(client.tenant, sent).contacts
    changed = contact(api, "POST", ContactNumber="C-7", Name="Newer One")
    assert sdk.records(changed)[0]["ContactID"] == made.contact_id
    assert len(api.read("Contacts", searchTerm="c-7")) == 1
    nowhere = "11111111-1111-1111-1111-111111111111"
    assert contact(api, "POST", ContactID=nowhere, Name="x").status_code == 404
    assert contact(api, Name="New Two", ContactNumber="9" * 51).status_code == 400
    assert contact(api, Name="New Two", EmailAddress="nowhere").status_code == 400


def test_b51_pages_of_contacts(api):
    assert [len(api.read("Contacts", page=n, pageSize=6)) for n in (1, 2, 3)] == [6, 4, 0]


EXPECTED = {
    "nz": ("NZD", "NZ", {"OUTPUT2": 15, "NONE": 0}), "au": ("AUD", "AU", {"OUTPUT": 10}),
    "gb": ("GBP", "GB", {"OUTPUT2": 20, "RROUTPUT": 5}), "us": ("USD", "US", {"TAX002": 8.875}),
}  # fmt: skip


@pytest.mark.parametrize("region", REGIONS)
def test_b52_organisations_of_four_regions(xero, region):
    client = sdk.Client(xero, xero.connect(xero.add_organisation(region)))
    accounting, tenant = client.accounting, client.tenant
    [org] = accounting.get_organisations(tenant).organisations
    currency, country, rates = EXPECTED[region]
    assert (org.base_currency.value, org.country_code.value) == (currency, country)
    taxes = {each.tax_type: each for each in accounting.get_tax_rates(tenant).tax_rates}
    assert {name: float(taxes[name].effective_rate) for name in rates} == rates
    accounts = accounting.get_accounts(tenant).accounts
    assert {each.type for each in accounts} >= {AccountType.REVENUE, AccountType.BANK}
    assert all(each.tax_type in taxes for each in accounts)
    assert len(accounting.get_items(tenant).items) == 8
    assert len(accounting.get_contacts(tenant).contacts) == 10
    assert len(accounting.get_tracking_categories(tenant).tracking_categories) == 2
    assert accounting.get_branding_themes(tenant).branding_themes[0].name == "Standard"
    assert currency in [each.code.value for each in accounting.get_currencies(tenant).currencies]
    assert accounting.get_users(tenant).users[0].last_name == "Bookkeeper"
    [made] = client.put(sdk.invoice())
    assert made.status_attribute_string == "OK"


def test_b52_ids_are_the_same_in_every_world(xero):
    first = [each["ContactID"] for each in xero.documents("Contact")]
    xero.app.reset()
    assert [each["ContactID"] for each in xero.documents("Contact")] == first
    other = xero.add_organisation("nz")
    assert xero.documents("Contact", other)[0]["ContactID"] not in first
    assert xero.organisation(other).name.endswith(" 2")


def test_b52_items_are_made_changed_and_deleted(api, client):
    sent = {"Items": [{"Code": "NEW", "SalesDetails": {"UnitPrice": 1.2345, "AccountCode": "200"}}]}
    [made] = client.accounting.create_items(client.tenant, sent, unitdp=4).items
    assert float(made.sales_details.unit_price) == 1.2345
    assert (
        sdk.records(api.call("GET", "Items/NEW", headers=ODD))[0]["SalesDetails"]["UnitPrice"]
        == 1.23
    )
    assert "unique" in api.call("PUT", "Items", sent).text
    change = {"Items": [{"Code": "NEW", "Name": "Newer"}]}
    assert sdk.records(api.call("POST", "Items", change))[0]["Name"] == "Newer"
    for wrong in ({"AccountCode": "999"}, {"TaxType": "NOPE"}):
        body = {"Items": [{"Code": "X", "SalesDetails": wrong}]}
        assert api.call("PUT", "Items", body).status_code == 400
    assert api.call("DELETE", f"Items/{made.item_id}").status_code == 204
    assert api.get("Items/NEW").status_code == 404


def test_b52_accounts_tax_rates_tracking_and_currencies_can_be_made(api, client):
    account = {"Code": "299", "Name": "New", "Type": "REVENUE"}
    [made] = sdk.records(api.call("PUT", "Accounts", account))
    assert made["Class"] == "REVENUE"
    assert "unique Code" in api.call("PUT", "Accounts", account).text
    rate = TaxRate(name="City", tax_components=[TaxComponent(name="City", rate=2.5)])
    sent = {"TaxRates": [rate]}
    [tax] = client.accounting.create_tax_rates(client.tenant, sent).tax_rates
    assert (tax.tax_type, float(tax.effective_rate)) == ("TAX001", 2.5)
    assert "At most 2" in api.call("PUT", "TrackingCategories", {"Name": "Third"}).text
    region = api.read("TrackingCategories")[0]["TrackingCategoryID"]
    option = api.call("PUT", f"TrackingCategories/{region}/Options", {"Name": "Centre"})
    assert option.json()["Options"][0]["Name"] == "Centre"
    assert api.call("PUT", "Currencies", {"Code": "EUR"}).status_code == 200
    api.create(CurrencyCode="EUR")


def test_dates_of_the_sdk_are_dates(client, api):
    made = api.create()
    [read] = client.accounting.get_invoice(client.tenant, made["InvoiceID"]).invoices
    assert read.date.isoformat() == "2026-11-20"
    assert read.updated_date_utc <= datetime.now(UTC).replace(year=2100)

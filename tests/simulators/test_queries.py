"""The query language, asked by the SDK and by hand."""

from __future__ import annotations

import pytest
from quickbooks.exceptions import ValidationException
from quickbooks.objects import Account, Customer, Department, Invoice, Item, Term

from . import sdk


def found(api, statement, kind):
    answer = api.query(statement)
    assert answer.status_code == 200, answer.text
    return answer.json()["QueryResponse"].get(kind, [])


def names(api, where):
    statement = f"select * from Customer {where}"
    return [each["DisplayName"] for each in found(api, statement, "Customer")]


def code(api, statement):
    answer = api.query(statement)
    assert answer.status_code == 400, answer.text
    return answer.json()["Fault"]["Error"][0]["code"]


def test_a_query_can_be_posted_or_in_the_address(api):
    """Q01"""
    statement = "select * from Customer where DisplayName = 'Zoë\\'s Ferry Café'"
    text = {"Content-Type": "application/text"}
    posted = api.call("POST", "query", data=statement.encode(), headers=text)
    assert len(posted.json()["QueryResponse"]["Customer"]) == 1
    assert posted.json()["QueryResponse"] == api.query(statement).json()["QueryResponse"]


def test_the_sdk_lists_filters_and_counts(client):
    """Q02"""
    assert Customer.count(qb=client) == 10
    assert Customer.count("DisplayName LIKE 'A%'", qb=client) == 1
    assert len(Item.all(qb=client)) == 8
    assert Term.all(order_by="Name DESC", qb=client)[0].Name == "Net 60"
    assert Account.filter(AccountType="Bank", qb=client)[0].Name == "Checking"
    assert len(Customer.choose(["58", "59", "999"], qb=client)) == 2
    page = Customer.all(order_by="DisplayName", start_position=3, max_results=2, qb=client)
    assert [each.DisplayName[:5] for each in page] == ["Björk", "Casca"]
    assert Department.where("Name = 'Tacoma'", order_by="Name", qb=client)[0].Name == "Tacoma"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM Customer WHERE Active = true ORDERBY Balance STARTPOSITION 1 MAXRESULTS 5",
        "select * from customer where active = TRUE order by displayname asc maxresults 5",
        "Select *, Notes From CUSTOMER Where Active IN (true, false) OrderBy DISPLAYNAME desc",
        "select Id, DisplayName from Customer where DisplayName like '%a%' and Balance = '0'",
    ],
)
def test_statements_of_every_style_are_understood(api, statement):
    """Q02, Q07"""
    assert found(api, statement, "Customer")


def test_a_page_has_100_rows_unless_told(qbo, api):
    """Q03"""
    for number in range(105):
        qbo.as_person.create("Term", Name=f"Net {number + 100}", DueDays=number)
    answer = api.query("select * from Term").json()["QueryResponse"]
    assert (answer["startPosition"], answer["maxResults"], len(answer["Term"])) == (1, 100, 100)
    rest = api.query("select * from Term STARTPOSITION 101 MAXRESULTS 1000").json()["QueryResponse"]
    assert (rest["startPosition"], rest["maxResults"]) == (101, 9)


def test_more_than_1000_rows_are_refused_or_cut(qbo, api):
    """Q03"""
    assert code(api, "select * from Term MAXRESULTS 1001") == "4001"
    qbo.switch(too_many_results="cap")
    assert found(api, "select * from Term MAXRESULTS 1001", "Term")


def test_nothing_found_has_no_key(api):
    """Q04"""
    assert api.query("select * from Invoice").json()["QueryResponse"] == {}
    counted = api.query("select count(*) from Invoice").json()["QueryResponse"]
    assert counted == {"totalCount": 0}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("select * from Invoice where DocNumber = '1' or DocNumber = '2'", "4000"),
        ("select * from Invoice join Customer", "4000"),
        ("select * from Invoice group by DocNumber", "4000"),
        ("select * from", "4000"),
        ("select from Invoice", "4000"),
        ("delete from Invoice", "4000"),
        ("select * from Invoice where DocNumber != '1'", "4000"),
        ("select * from Invoice where DocNumber = 'it's'", "4000"),
        ("select * from Invoice where DocNumber = 'x\\'", "4000"),
        ("select * from Invoice where Balance > 0", "4000"),
        ("select * from Invoice maxresults ten", "4000"),
        ("", "4000"),
        ("select * from Invoice where NoSuchField = '1'", "4001"),
        ("select * from Invoice where PrivateNote = '1'", "4001"),
        ("select * from Customer where CustomerTypeRef = '1'", "4001"),
        ("select * from TimeActivity where Description = '1'", "4001"),
        ("select * from Invoice where Id > '1'", "4001"),
        ("select * from Invoice where Id like '1%'", "4001"),
        ("select * from Nothing", "4001"),
        ("select * from Invoice startposition 0", "4001"),
        ("select * from Invoice orderby PrivateNote", "4001"),
    ],
)
def test_bad_queries_are_refused(api, statement, expected):
    """Q05, Q06"""
    assert code(api, statement) == expected


def test_refusals_of_queries_say_where(api):
    """Q05"""
    detail = api.query("select * from Invoice TxnDate").json()["Fault"]["Error"][0]["Detail"]
    expected = 'QueryParserError: Encountered " <IDENTIFIER> "TxnDate "" at line 1, column 23.'
    assert detail == expected
    detail = api.query("select * from Invoice where X = '1'").json()["Fault"]["Error"][0]["Detail"]
    assert detail == "QueryValidationError: Property X not found for Entity Invoice"


def test_a_wrong_figure_in_a_condition_is_refused(qbo, api):
    api.create("Invoice", sdk.invoice())
    assert code(api, "select * from Invoice where Balance > 'much'") == "4001"
    assert code(api, "select * from Invoice where MetaData.CreateTime > 'noon'") == "4001"
    qbo.switch(unquoted_numbers="accept")
    assert found(api, "select * from Invoice where Balance > 0", "Invoice")


def test_apostrophes_and_backslashes_are_escaped(qbo, api, client):
    """Q06"""
    qbo.as_person.create("Customer", DisplayName="Back\\slash")
    assert names(api, r"where DisplayName = 'Back\\slash'") == ["Back\\slash"]
    assert names(api, r"where DisplayName = 'O\'Hara & Daughters'") == ["O'Hara & Daughters"]
    assert len(Customer.filter(DisplayName="O'Hara & Daughters", qb=client)) == 1
    with pytest.raises(ValidationException):
        Customer.filter(DisplayName="ends in \\", qb=client)


def test_values_have_no_case_and_percent_is_a_wildcard(api):
    """Q07"""
    assert names(api, "where DisplayName = 'MADRONA pediatrics'") == ["Madrona Pediatrics"]
    assert names(api, "where DisplayName LIKE '%BREW%'") == ["Gasworks Brewing Co."]
    assert names(api, "where DisplayName LIKE 'brew%'") == []
    assert names(api, "where DisplayName LIKE '_allard%'") == []


def test_references_are_found_by_id_and_numbers_as_numbers(api):
    """Q07"""
    api.create("Invoice", sdk.invoice(sdk.line("9.00"), customer="58", DocNumber="A"))
    api.create("Invoice", sdk.invoice(sdk.line("100.00"), customer="59", DocNumber="B"))

    def numbers(where):
        statement = f"select * from Invoice where {where}"
        return [each["DocNumber"] for each in found(api, statement, "Invoice")]

    assert numbers("CustomerRef = '59'") == ["B"]
    assert numbers("CustomerRef IN ('58', '59')") == ["A", "B"]
    assert numbers("DocNumber IN ('b', 'c')") == ["B"]
    assert numbers("TotalAmt < '10'") == ["A"]
    assert numbers("TotalAmt >= '9' AND Balance <= '9.00'") == ["A"]
    assert numbers("TxnDate > '2000-01-01' AND TxnDate < '2100-01-01'") == ["A", "B"]


def test_mail_addresses_can_be_asked_for(api):
    where = "where PrimaryEmailAddr = 'kate@ohara.example'"
    assert names(api, where) == ["O'Hara & Daughters"]


def test_inactive_entries_hide_and_show_that_they_are(qbo, api):
    """Q08"""
    qbo.as_person.deactivate("Customer", "58")
    qbo.as_person.deactivate("Item", "1")
    shown = "Alder & Finch Architects (deleted)"
    assert len(names(api, "")) == 9
    assert shown in names(api, "where Active IN (true, false)")
    assert names(api, "where Active = false") == [shown]
    assert names(api, "where DisplayName = 'Alder & Finch Architects' and Active = false") == []
    items = found(api, "select * from Item where Active = false", "Item")
    assert items[0]["Name"] == "Hours (deleted)"
    qbo.as_person.reactivate("Customer", "58")
    assert "Alder & Finch Architects" in names(api, "")


def test_ordering_by_id_is_over(qbo, api):
    """Q09"""
    assert code(api, "select * from Customer ORDERBY Id") == "4001"
    qbo.switch(order_by_id="allow")
    assert len(names(api, "ORDERBY Id")) == 10


def test_order_can_be_by_several_fields(api):
    for amount, number in (("5.00", "c"), ("9.00", "b"), ("5.00", "a")):
        api.create("Invoice", sdk.invoice(sdk.line(amount), DocNumber=number))
    statement = "select * from Invoice orderby TotalAmt desc, DocNumber"
    shown = [each["DocNumber"] for each in found(api, statement, "Invoice")]
    assert shown == ["b", "a", "c"]


def test_deleted_documents_vanish_and_voided_ones_stay(qbo, api):
    """Q10"""
    gone, kept = (api.create("Invoice", sdk.invoice()) for _ in range(2))
    qbo.as_person.delete("Invoice", gone["Id"])
    qbo.as_person.void("Invoice", kept["Id"])
    assert [each["Id"] for each in found(api, "select * from Invoice", "Invoice")] == [kept["Id"]]
    answer = api.get(f"invoice/{gone['Id']}")
    assert answer.json()["Fault"]["Error"][0]["code"] == "610"


def test_times_know_their_offset(sims, api):
    """Q11"""
    sims.clock.set(sims.clock.now().replace(year=2026, month=11, day=20, hour=16, minute=30))
    api.create("Invoice", sdk.invoice())

    def seen(moment):
        where = f"where MetaData.LastUpdatedTime >= '{moment}'"
        return len(found(api, f"select * from Invoice {where}", "Invoice"))

    assert seen("2026-11-20T16:00:00Z") == 1
    assert seen("2026-11-20T17:00:00Z") == 0
    assert seen("2026-11-20T17:00:00+01:00") == 1
    assert seen("2026-11-20T08:00:00") == 1
    assert seen("2026-11-20T09:00:00") == 0
    assert seen("2026-11-20") == 1


def test_a_plus_in_an_address_must_be_escaped(api):
    statement = "query?query=select+*+from+Customer+where+DisplayName='A+B'"
    assert api.call("GET", statement).json()["QueryResponse"] == {}


def test_new_records_may_be_found_late(sims, qbo, api):
    """F22"""
    qbo.switch(query_lag_seconds=30)
    made = api.create("Invoice", sdk.invoice(DocNumber="7"))
    assert found(api, "select * from Invoice where DocNumber = '7'", "Invoice") == []
    assert api.read("Invoice", made["Id"])["DocNumber"] == "7"
    sims.clock.move(seconds=31)
    assert found(api, "select * from Invoice where DocNumber = '7'", "Invoice")


def test_pages_shift_when_something_comes_between(qbo, api):
    """F23"""
    first = names(api, "orderby DisplayName maxresults 5")
    qbo.as_person.create("Customer", DisplayName="Aardvark Adventures")
    second = names(api, "orderby DisplayName startposition 6 maxresults 5")
    assert first[-1] == second[0]


def test_company_and_preferences_can_be_queried(api, client):
    company = found(api, "select * from CompanyInfo", "CompanyInfo")
    assert company[0]["Id"] == "1"
    assert found(api, "select * from Preferences", "Preferences")
    assert Invoice.all(qb=client) == []

"""Around an invoice, and money: behaviours 39 to 46."""

from __future__ import annotations

import pytest

from . import sdk


def emailed(api, made):
    return api.call("POST", f"Invoices/{made['InvoiceID']}/Email", {})


def test_b39_an_email_is_sent_and_marked(api, client, xero):
    made = api.create()
    client.accounting.email_invoice(client.tenant, made["InvoiceID"], {})
    assert api.invoice(made["InvoiceID"])["SentToContact"] is True
    assert xero.mails()[0]["to"] == "accounts@cascadedental.example"


def test_b39_no_email_for_drafts_or_without_an_address(api, person):
    assert emailed(api, api.create(Status="DRAFT")).status_code == 400
    person.create_contact("Without Address")
    assert emailed(api, api.create(Contact={"Name": "Without Address"})).status_code == 400


@pytest.mark.parametrize(("plan", "most"), [("demo", 0), ("trial", 20)])
def test_b39_emails_have_a_limit_each_day(sims, api, person, plan, most):
    person.set_up(Plan=plan)
    made = api.create()
    codes = [emailed(api, made).status_code for _ in range(most + 1)]
    assert codes == [204] * most + [400]
    sims.clock.move(days=1)
    sims.xero.app.oauth.grants[0].access = {
        value: sims.clock.now().replace(year=2030) for value in [api.tokens.access_token]
    }
    assert emailed(api, made).status_code == (204 if most else 400)


def test_b40_the_online_invoice_of_an_approved_one(api, client):
    made = api.create()
    found = client.accounting.get_online_invoice(client.tenant, made["InvoiceID"])
    assert found.online_invoices[0].online_invoice_url.startswith("https://in.xero.com/")
    draft = api.create(Status="DRAFT")
    assert api.get(f"Invoices/{draft['InvoiceID']}/OnlineInvoice").status_code == 400


def test_b40_history_tells_what_happened_and_takes_notes(api, client, person):
    id = api.create()["InvoiceID"]
    api.update(id, Reference="x")
    emailed(api, {"InvoiceID": id})
    note = {"HistoryRecords": [{"Details": "Exported"}]}
    client.accounting.create_invoice_history(client.tenant, id, note)
    person.void(id)
    records = client.accounting.get_invoice_history(client.tenant, id).history_records
    assert [each.changes for each in records] == ["Voided", "Note", "Emailed", "Edited", "Created"]
    assert records[1].details == "Exported"
    assert records[0].user == "Robin Bookkeeper"
    long = {"HistoryRecords": [{"Details": "x" * 2501}]}
    assert api.call("PUT", f"Invoices/{id}/History", long).status_code == 400
    nowhere = "Invoices/11111111-1111-1111-1111-111111111111/History"
    assert api.get(nowhere).status_code == 404


def test_b40_attachments_are_raw_bytes(api, client):
    id = api.create()["InvoiceID"]
    client.accounting.create_invoice_attachment_by_file_name(
        client.tenant, id, "time.pdf", b"%PDF-1.4 hello", include_online=True
    )
    [kept] = client.accounting.get_invoice_attachments(client.tenant, id).attachments
    assert (kept.file_name, kept.mime_type, kept.content_length) == (
        "time.pdf",
        "application/pdf",
        14,
    )
    assert api.invoice(id)["HasAttachments"] is True
    raw = api.call("GET", f"Invoices/{id}/Attachments/time.pdf", headers={"Accept": "*/*"})
    assert raw.content == b"%PDF-1.4 hello"
    assert api.call("GET", f"Invoices/{id}/Attachments/none.pdf").status_code == 404


def test_b40_ten_attachments_and_no_more(api, xero):
    id = api.create()["InvoiceID"]
    headers = {"Content-Type": "application/octet-stream"}
    codes = [
        api.call("PUT", f"Invoices/{id}/Attachments/{n}.txt", b"x", headers=headers).status_code
        for n in range(11)
    ]
    assert codes == [200] * 10 + [400]
    again = api.call("POST", f"Invoices/{id}/Attachments/0.txt", b"other", headers=headers)
    assert again.json()["Attachments"][0]["ContentLength"] == 5
    xero.switch(attachment_megabytes=0)
    assert (
        api.call("POST", f"Invoices/{id}/Attachments/0.txt", b"x", headers=headers).status_code
        == 400
    )


def test_b41_an_approved_invoice_of_nothing_is_paid(api):
    made = api.create(sdk.invoice(sdk.line("0.00")))
    assert (made["Status"], made["AmountDue"]) == ("PAID", 0)
    assert api.create(sdk.invoice(sdk.line("0.00"), status="DRAFT"))["Status"] == "DRAFT"


def test_b42_small_plans_approve_so_many(api, person):
    api.create()
    person.set_up(ApproveLimit=1)
    [refused] = api.put(sdk.invoice())
    assert sdk.problems(refused) == ["You have reached the limit of invoices you can approve"]
    api.create(Status="DRAFT")
    actions = {each["Name"]: each["Status"] for each in api.read("Organisation/Actions")}
    assert actions["CreateApprovedInvoice"] == "NOT-ALLOWED"
    assert actions["CreateDraftInvoice"] == "ALLOWED"


def payment(made, amount, **fields):
    return {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Account": {"Code": "090"},
            "Amount": float(amount), "Date": "2026-11-21", **fields}  # fmt: skip


def paid(api, *payments, **params):
    return api.call("PUT", "Payments", {"Payments": list(payments)}, **params)


def test_b43_payments_settle_an_invoice(api, client):
    made = api.create()
    sent = {"Payments": [payment(made, 15, Reference="bank")]}
    [first] = client.accounting.create_payments(client.tenant, sent).payments
    assert first.payment_type == "ACCRECPAYMENT"
    part = api.invoice(made["InvoiceID"])
    assert (part["AmountDue"], part["AmountPaid"], part["Status"]) == (100, 15, "AUTHORISED")
    assert part["Payments"][0]["Reference"] == "bank"
    assert paid(api, payment(made, 100)).status_code == 200
    whole = api.invoice(made["InvoiceID"])
    assert (whole["AmountDue"], whole["Status"]) == (0, "PAID")
    assert whole["FullyPaidOnDate"] == "/Date(1795219200000+0000)/"
    assert len(client.accounting.get_payments(client.tenant).payments) == 2


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"Amount": 115.01}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Amount": 0.0}, "greater than zero"),
        ({"Account": {"Code": "200"}}, "does not take payments"),
        ({"Account": {"Code": "999"}}, "does not take payments"),
        ({"Invoice": {"InvoiceNumber": "none"}}, "no known invoice"),
    ],
)
def test_b43_payments_that_are_refused(api, fields, says):
    made = api.create()
    answer = paid(api, {**payment(made, 1), **fields})
    assert answer.status_code == 400
    assert says in answer.text


def test_b43_only_approved_invoices_are_paid(api):
    answer = paid(api, payment(api.create(Status="DRAFT"), 1))
    assert "Payments can only be made against Authorised documents" in answer.text


def test_b43_a_payment_by_number_into_an_account_that_takes_them(api):
    api.create(InvoiceNumber="A-1")
    sent = {"InvoiceNumber": "A-1", "Code": "855", "Amount": 1.0}
    assert paid(api, sent).status_code == 200


def test_b44_a_deleted_payment_opens_the_invoice_again(api, client):
    made = api.create()
    [money] = sdk.records(paid(api, payment(made, 115)))
    gone = {"Status": "DELETED"}
    client.accounting.delete_payment(client.tenant, money["PaymentID"], gone)
    again = api.invoice(made["InvoiceID"])
    assert (again["Status"], again["AmountDue"], again["Payments"]) == ("AUTHORISED", 115, [])
    assert "FullyPaidOnDate" not in again
    assert api.read(f"Payments/{money['PaymentID']}")[0]["Status"] == "DELETED"
    assert api.call("POST", f"Payments/{money['PaymentID']}", gone).status_code == 400
    wrong = api.call("POST", f"Payments/{money['PaymentID']}", {"Status": "AUTHORISED"})
    assert wrong.status_code == 400


def test_b44_a_reconciled_payment_stays(api):
    made = api.create()
    [money] = sdk.records(paid(api, payment(made, 1, IsReconciled=True)))
    answer = api.call("POST", f"Payments/{money['PaymentID']}", {"Status": "DELETED"})
    assert answer.status_code == 400


def credit(api, amount, **fields):
    sent = {
        "Type": "ACCRECCREDIT", "Contact": {"Name": "Cascade Dental"}, "Status": "AUTHORISED",
        "Date": "2026-11-20", "LineAmountTypes": "NoTax", "LineItems": [sdk.line(amount)], **fields,
    }  # fmt: skip
    answer = api.call("PUT", "CreditNotes", {"CreditNotes": [sent]})
    assert answer.status_code == 200, answer.text
    return sdk.records(answer)[0]


def allocated(api, note, made, amount):
    share = {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Amount": amount, "Date": "2026-11-21"}
    path = f"CreditNotes/{note['CreditNoteID']}/Allocations"
    return api.call("PUT", path, {"Allocations": [share]})


def test_b45_a_credit_note_settles_without_money_and_can_be_taken_back(api, client):
    made, note = api.create(), credit(api, "115.00")
    assert allocated(api, note, made, 115.0).status_code == 200
    whole = api.invoice(made["InvoiceID"])
    assert (whole["Status"], whole["AmountPaid"], whole["AmountCredited"]) == ("PAID", 0, 115)
    assert whole["CreditNotes"][0]["AppliedAmount"] == 115
    [used] = client.accounting.get_credit_note(client.tenant, note["CreditNoteID"]).credit_notes
    assert used.remaining_credit == 0
    path = f"CreditNotes/{note['CreditNoteID']}/Allocations/{used.allocations[0].allocation_id}"
    assert api.call("DELETE", path).json()["IsDeleted"] is True
    again = api.invoice(made["InvoiceID"])
    assert (again["Status"], again["AmountDue"], again["AmountCredited"]) == ("AUTHORISED", 115, 0)
    assert api.call("DELETE", path).status_code == 404


def test_b45_credit_has_its_bounds(api):
    made, note = api.create(), credit(api, "50.00")
    assert allocated(api, note, made, 50.01).status_code == 400
    other = api.create(Contact={"Name": "Ballard Boatworks"})
    assert "of this contact" in allocated(api, note, other, 1.0).text
    draft = credit(api, "5.00", Status="DRAFT")
    assert "approved" in allocated(api, draft, made, 1.0).text
    assert allocated(api, note, made, 20.0).status_code == 200
    changed = {"CreditNotes": [{"CreditNoteID": note["CreditNoteID"], "Reference": "x"}]}
    assert "allocated" in api.call("POST", "CreditNotes", changed).text
    assert api.update(made["InvoiceID"], Status="VOIDED").status_code == 400


def test_b45_credit_notes_have_numbers_and_can_be_voided(api):
    first, second = credit(api, "1.00"), credit(api, "1.00", CreditNoteNumber="C")
    assert (first["CreditNoteNumber"], second["CreditNoteNumber"]) == ("CN-0001", "C")
    voided = {"CreditNotes": [{"CreditNoteNumber": "C", "Status": "VOIDED"}]}
    [answer] = sdk.records(api.call("POST", "CreditNotes", voided))
    assert (answer["Status"], answer["RemainingCredit"]) == ("VOIDED", 0)
    assert len(api.read("CreditNotes", page="1")) == 2


def test_b46_a_person_does_what_people_do(api, person):
    made = person.create_invoice("Cascade Dental", 200, number="HAND-1")
    id = made["InvoiceID"]
    person.edit_line(id, description="Other", quantity=2, price="30.25")
    assert api.invoice(id)["SubTotal"] == 60.5
    person.edit_line(id, amount=70)
    assert api.invoice(id)["SubTotal"] == 70
    person.rename_invoice(id, "HAND-2")
    person.change_invoice(id, DueDate="2027-02-01", Reference="PO 7")
    person.mark_sent("HAND-2")
    person.receive_payment("HAND-2", 30)
    person.credit(id, 20)
    read = api.invoice(id)
    assert (read["AmountPaid"], read["AmountCredited"], read["AmountDue"]) == (30, 20, 30.5)
    draft = person.create_invoice("Cascade Dental", 5, status="DRAFT")
    assert person.approve(draft["InvoiceID"])["Status"] == "AUTHORISED"
    assert person.void(draft["InvoiceID"])["Status"] == "VOIDED"


def test_b46_a_person_takes_money_and_credit_back(api, person):
    made = person.create_invoice("Cascade Dental", 100)
    note = person.credit(made["InvoiceID"], 15)
    money = person.receive_payment(made["InvoiceID"])
    assert api.invoice(made["InvoiceID"])["Status"] == "PAID"
    person.remove_payment(money["PaymentID"])
    person.remove_credit(note["CreditNoteID"])
    assert api.invoice(made["InvoiceID"])["AmountDue"] == 115


def test_b46_a_person_merges_contacts(api, person, xero):
    made = api.create(Contact={"Name": "Ballard Boatworks"})
    old = person.merge_contacts("Ballard Boatworks", "Cascade Dental")
    assert api.invoice(made["InvoiceID"])["Contact"]["Name"] == "Cascade Dental"
    [read] = api.read(f"Contacts/{old['ContactID']}")
    assert read["ContactStatus"] == "ARCHIVED"
    assert read["MergedToContactID"] == api.invoice(made["InvoiceID"])["Contact"]["ContactID"]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda p: p.void("none"), "no invoice"), (lambda p: p.archive_account("1"), "no account"),
        (lambda p: p.create_invoice("nobody", 1), "no contact"),
        (lambda p: p.rename_tracking_option("Region", "Up", "Down"), "no 'Up'"),
    ],
)  # fmt: skip
def test_b46_a_person_is_told_what_is_not_there(person, act, says):
    with pytest.raises(Exception, match=says):
        act(person)

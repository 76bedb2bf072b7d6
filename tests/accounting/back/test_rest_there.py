"""Over REST what the pages can: void there only, and take a staged link of an old invoice back."""

from __future__ import annotations

import pytest

from accounting import delivery, findings, planning, voiding
from accounting.models import Connection, Export, Finding, RemoteInvoice
from atera_invoicing.errors import Refused
from invoices import lifecycle

from .conftest import id_there, look

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1/accounting"


def test_what_is_voided_here_is_voided_there(connection, system, out, client_as):
    url = f"{API}/remote-invoices/{RemoteInvoice.objects.get().pk}/void-there/"
    refused = client_as("billing").post(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_voided")
    lifecycle.void(out, reason="Wrong", by=None, now=system.clock.now())
    assert client_as("bookkeeper").post(url).status_code == 403
    answer = client_as("billing").post(url)
    assert (answer.status_code, answer.json()["operation"]) == (200, "void")
    Export.objects.filter(operation="void").update(run_at=system.clock.now())
    delivery.work(connection.pk, now=system.clock.now())
    assert system.of(out)[0].voided


def test_an_invoice_that_lives_here_is_not_voided_there_by_an_address(system, out):
    with pytest.raises(Refused) as refused:
        voiding.void_there(RemoteInvoice.objects.get(), by=None, now=system.clock.now())
    assert refused.value.code == "not_voided"


def test_a_staged_link_is_taken_back_and_a_committed_one_stays(connection, out, client_as):
    client = client_as("owner")
    url = f"{API}/connections/{connection.pk}/unlink-old-invoices/"
    RemoteInvoice.objects.update(linked=True)

    def post(ids: list[int]):
        return client.post(url, {"invoices": ids}, content_type="application/json")

    assert post([out.pk]).status_code == 409
    assert RemoteInvoice.objects.exists()
    Connection.objects.update(state="draft", held_by=client.session["_auth_user_id"])
    assert post([]).status_code == 422
    assert post([out.pk, 999]).json() == {"changed": 1}
    assert not RemoteInvoice.objects.exists()


def test_sending_again_says_whose_acceptance_it_undoes(connection, system, out, owner, client_as):
    page = f"/accounting/there/{RemoteInvoice.objects.get().pk}/send/"
    client = client_as("billing")
    assert "undoes" not in client.get(page).text
    system.describe(id_there(out), "Support")
    look(connection, system)
    findings.accept(Finding.objects.get(), by=owner, now=system.clock.now())
    text = client.get(page).text
    assert f"undoes what {owner} accepted on" in text
    assert "Line 1, description: Work in October here, Support there" in text
    remote = RemoteInvoice.objects.get()
    plan = planning.resend(connection, remote)
    voiding.update(remote, by=None, now=system.clock.now(), plan_hash=plan.hash)
    system.clock.move(minutes=1)
    delivery.work(connection.pk, now=system.clock.now())
    assert "undoes" not in client.get(page).text


def test_ours_is_not_offered_over_what_is_paid_there(connection, system, out, client_as):
    system.describe(id_there(out), "Support")
    look(connection, system)
    page = f"/accounting/differences/{Finding.objects.get().pk}/"
    assert "Send ours again" in client_as("billing").get(page).text
    system.pay(id_there(out))
    look(connection, system)
    text = client_as("billing").get(page).text
    assert "Accept theirs" in text
    assert "Send ours again" not in text


def test_rest_tells_what_to_quote_to_their_support(connection, system, out, api_as):
    export = Export.objects.get(invoice=out)
    address = f"/api/v1/accounting/exports/{export.pk}/attempts/"
    (tried,) = api_as("bookkeeper").get(address).json()
    assert (tried["outcome"], tried["reference"]) == (
        "answered",
        export.call.attempts.get().reference,
    )
    assert tried["reference"]
    assert api_as("technician").get(address).status_code == 403

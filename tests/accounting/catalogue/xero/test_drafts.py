"""An invoice that arrives as a draft counts in Xero only once somebody approves it there."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounting.models import Finding

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def drafts(office):
    office.connection.options = {"status": "DRAFT"}
    office.connection.save(update_fields=["options"])
    return office


def shown(office, name: str, *args: int) -> str:
    return office.browser.get(reverse(name, args=args)).content.decode()


def test_a_draft_is_told_until_somebody_approves_it(drafts):
    invoice = drafts.export()
    page = shown(drafts, "invoices:detail", invoice.pk)
    assert "Draft there" in page
    assert "once somebody approves it there" in page
    assert "Xero: draft" in shown(drafts, "invoices:list")
    assert drafts.remote(invoice).draft

    drafts.person.approve(drafts.remote(invoice).remote_id)
    drafts.look()
    assert "Draft there" not in shown(drafts, "invoices:detail", invoice.pk)
    assert not drafts.remote(invoice).draft
    assert not Finding.objects.exists()


def test_a_draft_that_is_approved_and_paid_there_is_paid_here(drafts):
    invoice = drafts.export()
    id = drafts.remote(invoice).remote_id
    drafts.person.approve(id)
    drafts.person.receive_payment(id)
    drafts.look()
    invoice.refresh_from_db()
    assert invoice.balance == 0
    assert not drafts.remote(invoice).draft


def test_a_number_of_theirs_may_be_as_long_as_they_allow(office):
    invoice = office.export()
    office.look()
    office.person.rename_invoice(office.remote(invoice).remote_id, "R" * 255)
    office.look()
    assert office.remote(invoice).number == "R" * 255

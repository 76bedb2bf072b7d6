"""Two people edit one draft: the second is told, loses nothing, and may save."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from invoices import drafting, lifecycle
from invoices.drafting import LineInput
from invoices.line_forms import sent
from invoices.models import Invoice, InvoiceLine
from tests import make

from .test_views_editing import edit, form_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Invoice:
    """Three lines, priced 1, 2 and 3."""
    names = ("Setup", "Hosting", "Support")
    lines = [LineInput(name, unit_price=Decimal(i)) for i, name in enumerate(names, 1)]
    return lifecycle.create(
        make.customer(), lines=lines, invoice_date=make.day("2026-11-01"), by=None,
        now=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def sam():
    return make.user("billing", first_name="Sam", last_name="Lee")


def line(invoice: Invoice, name: str) -> InvoiceLine:
    return invoice.lines.get(description=name)


def save(invoice: Invoice, by, changes: dict[str, dict] | None = None, *more: LineInput, **head):
    """What somebody else saves first: values by the name of the line, None for a line to drop."""
    changes, kept = changes or {}, []
    for row in drafting.lines_of(invoice).values():
        values = changes.get(row.description, {})
        if values is not None:
            given = {"description": row.description, "quantity": row.quantity,
                     "unit_price": row.unit_price, "id": row.pk, **values}  # fmt: skip
            kept.append(LineInput(**given))
    return lifecycle.edit(
        invoice, version=invoice.version, header=head, lines=[*kept, *more], by=by,
        now=timezone.now(),
    )  # fmt: skip


def shown(answer) -> list[tuple[str, str, str]]:
    """The rows of the form that came back: description, quantity, price."""
    names = ("description", "quantity", "unit_price")
    rows = answer.context["formset"].rows
    return [tuple(str(row.shown[n]) for n in names) for row in rows if not row.shown["DELETE"]]


def again(answer) -> dict:
    """The form that came back, to be sent as it is."""
    form = {"version": answer.context["form"]["version"].value()}
    for name in ("invoice_date", "payment_days", "po_number", "bill_to_name", "message"):
        form[name] = answer.context["form"][name].value()
    return form | sent([row.shown for row in answer.context["formset"].rows])


def test_changes_of_both_end_up_in_one_form_that_can_be_saved(client_as, draft, sam):
    client = client_as("billing")
    mine = form_of(draft, {line(draft, "Setup").pk: {"quantity": "5"}}, {"description": "Mine"})
    save(draft, sam, {"Hosting": {"unit_price": Decimal("20")}}, LineInput("Theirs"), po_number="7")
    answer = client.post(edit(draft), mine | {"message": "My words"})
    assert answer.status_code == 409
    assert "Sam Lee changed this draft" in answer.text
    assert shown(answer) == [
        ("Setup", "5", "1.00"), ("Hosting", "1", "20.00"), ("Support", "1", "3.00"),
        ("Theirs", "1", "0.00"), ("Mine", "1", ""),
    ]  # fmt: skip
    told = [
        (change.label, change.value, change.mine) for change in answer.context["conflict"].theirs
    ]
    assert ("PO number", "7", None) in told
    assert ("“Hosting”, price", "20", None) in told
    assert ("Line “Theirs”", "added", None) in told
    assert str(answer.context["sums"].total) == "28.00"
    assert Invoice.objects.get().version == 2
    assert client.post(edit(draft), again(answer)).status_code == 302
    saved = Invoice.objects.get()
    assert (saved.po_number, saved.message, str(saved.total)) == ("7", "My words", "28.00")


def test_where_both_changed_the_same_mine_stands_and_theirs_is_shown(client_as, draft, sam):
    mine = form_of(draft, {line(draft, "Setup").pk: {"quantity": "5"}}) | {"po_number": "mine"}
    save(draft, sam, {"Setup": {"quantity": Decimal(4)}}, po_number="theirs")
    answer = client_as("billing").post(edit(draft), mine)
    assert shown(answer)[0] == ("Setup", "5", "1.00")
    told = [
        (change.label, change.value, change.mine) for change in answer.context["conflict"].theirs
    ]
    assert ("“Setup”, quantity", "4", "5") in told
    assert ("PO number", "theirs", "mine") in told
    assert "Both of you changed this line." in answer.text
    client_as("owner").post(edit(draft), again(answer))
    assert str(draft.lines.first().quantity) == "5.0000"
    assert Invoice.objects.get().po_number == "mine"


def test_the_same_change_by_both_is_no_clash(client_as, draft, sam):
    mine = form_of(draft, {line(draft, "Setup").pk: {"quantity": "4.00"}})
    save(draft, sam, {"Setup": {"quantity": Decimal(4)}})
    answer = client_as("billing").post(edit(draft), mine)
    assert [
        change.mine for change in answer.context["conflict"].theirs if "Setup" in change.label
    ] == [None]


def test_a_line_that_they_removed_goes_unless_i_changed_it(client_as, draft, sam):
    mine = form_of(draft, {line(draft, "Setup").pk: {"quantity": "5"}})
    save(draft, sam, {"Setup": None, "Hosting": None})
    answer = client_as("billing").post(edit(draft), mine)
    assert shown(answer) == [("Setup", "5", "1.00"), ("Support", "1", "3.00")]
    assert "Saving adds it anew" in answer.text
    assert client_as("owner").post(edit(draft), again(answer)).status_code == 302
    assert [str(row) for row in draft.lines.all()] == ["Setup", "Support"]


def test_a_removed_line_that_comes_anew_keeps_its_tax(client_as, draft, sam):
    tax = make.tax("Sales", "8")
    save(draft, sam, {"Setup": {"tax_rate": tax}})
    draft.refresh_from_db()
    mine = form_of(draft, {line(draft, "Setup").pk: {"quantity": "5"}})
    save(draft, sam, {"Setup": None})
    answer = client_as("billing").post(edit(draft), mine)
    assert answer.context["formset"].rows[0].shown["tax"] == str(tax.pk)
    assert str(answer.context["sums"].total) == "10.40"


def test_a_line_that_i_removed_stays_removed(client_as, draft, sam):
    mine = form_of(draft, {line(draft, "Setup").pk: {"DELETE": "on"}})
    save(draft, sam, {"Setup": {"quantity": Decimal(4)}})
    answer = client_as("billing").post(edit(draft), mine)
    assert [name for name, *_ in shown(answer)] == ["Hosting", "Support"]
    client_as("owner").post(edit(draft), again(answer))
    assert [str(row) for row in draft.lines.all()] == ["Hosting", "Support"]


def test_several_edits_count_from_the_first_to_the_last(client_as, draft, sam):
    mine = form_of(draft)
    first = save(draft, sam, {"Setup": {"quantity": Decimal(4)}}, LineInput("Gone again"))
    draft.refresh_from_db()
    kim = make.user("billing", first_name="Kim", last_name="Day")
    save(first, kim, {"Setup": {"quantity": Decimal(6)}, "Gone again": None})
    answer = client_as("billing").post(edit(draft), mine)
    assert shown(answer) == [
        ("Setup", "6", "1.00"), ("Hosting", "1", "2.00"), ("Support", "1", "3.00"),
    ]  # fmt: skip
    for name in ("Sam Lee", "Kim Day"):
        assert name in answer.text
    assert "Gone again" not in answer.text


def test_a_new_tax_of_theirs_is_taken_over(client_as, draft, sam):
    tax = make.tax("Sales", "8")
    mine = form_of(draft, {line(draft, "Hosting").pk: {"quantity": "2"}})
    save(draft, sam, {"Setup": {"tax_rate": tax}, "Hosting": {"tax_rate": tax}})
    answer = client_as("billing").post(edit(draft), mine)
    assert [row.own_tax for row in answer.context["formset"].rows][:2] == ["Sales (8 %)"] * 2


def test_a_third_change_meanwhile_is_told_again(client_as, draft, sam):
    client, mine = client_as("billing"), form_of(draft) | {"message": "My words"}
    save(draft, sam, po_number="1")
    answer = client.post(edit(draft), mine)
    draft.refresh_from_db()
    save(draft, sam, po_number="2")
    answer = client.post(edit(draft), again(answer))
    assert answer.status_code == 409
    assert client.post(edit(draft), again(answer)).status_code == 302
    saved = Invoice.objects.get()
    assert (saved.po_number, saved.message) == ("2", "My words")


def test_a_change_without_a_diary_is_told_as_well(client_as, draft):
    mine = form_of(draft) | {"message": "My words"}
    Invoice.objects.filter(pk=draft.pk).update(version=9)
    line(draft, "Setup").delete()
    draft.lines.create(position=9, description="Theirs", quantity=1, unit_price=0, net=0, tax=0)
    answer = client_as("billing").post(edit(draft), mine)
    assert answer.status_code == 409
    assert "Somebody else changed this draft" in answer.text
    assert [name for name, *_ in shown(answer)] == ["Hosting", "Support", "Theirs"]
    assert client_as("owner").post(edit(draft), again(answer)).status_code == 302
    assert Invoice.objects.get().message == "My words"

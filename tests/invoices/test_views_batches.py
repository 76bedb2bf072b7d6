"""The page of a new batch: what it shows, what a tick changes, and what is written."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from atera_invoicing.models import Installation
from invoices import batch_work
from invoices.models import Batch, Invoice
from tests import make
from tests.invoices import examples, web

NEW, PANEL = "/batches/new/", "/batches/new/panel/"
TODAY = make.day("2026-11-05")
UNTIL_OCTOBER = {"through": "2026-10-31"}


def work(batch: Batch) -> None:
    batch_work.work(batch.pk, now=timezone.now(), today=TODAY)


def form_of(page) -> dict[str, list[str]]:
    """What a browser without JavaScript would send of a page: hidden fields, ticked boxes, texts,
    choices.
    """
    html = page.content.decode()
    html = html[html.index('id="bill"') : html.index("</form>", html.index('id="bill"'))]
    sent: dict[str, list[str]] = {}
    for field in re.findall(r"<input[^>]*>", html):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', field))
        box = found.get("type") in ("checkbox", "radio")
        if "name" in found and not (box and " checked" not in field):
            sent.setdefault(found["name"], []).append(unescape(found.get("value", "")))
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        sent[name] = [chosen.group(1) if chosen else ""]
    return sent


def entries(contract) -> dict[str, int]:
    return {e.description: e.pk for t in contract.tickets.all() for e in t.entries.all()}


def figures(panel) -> tuple[int, int, str, str, str]:
    return (
        panel.invoices, panel.tickets, str(panel.hours), str(panel.billable), str(panel.total)
    )  # fmt: skip


def test_the_page_shows_what_each_contract_owes(client_as):
    examples.acme()
    page = client_as("billing").get(NEW, UNTIL_OCTOBER)
    assert "Acme Hourly" in page.content.decode()
    assert figures(page.context["panel"]) == (1, 2, "4.25", "624.50", "669.60")


def test_nothing_to_bill_says_so(client_as):
    assert "Nothing to bill" in client_as("billing").get(NEW).content.decode()


def test_leaving_an_entry_out_changes_the_panel_and_the_row_not_the_balance(client_as):
    contract = examples.acme()
    shown = [f"{contract.pk}/entry:{pk}" for pk in entries(contract).values()]
    left = f"{contract.pk}/entry:{entries(contract)['Reset gateway']}"
    form = web.batch_form(contract)
    form |= {"shown": [form["shown"], *shown], "piece": [s for s in shown if s != left]}
    answer = client_as("billing").post(PANEL, form)
    assert figures(answer.context["panel"]) == (1, 2, "2.75", "474.50", "507.60")
    words = answer.content.decode()
    assert re.search(rf'id="sum-{contract.pk}" hx-swap-oob="true">474.50\s*<', words)
    assert str(answer.context["rows"][0].account.balance) == "624.50"


def test_an_unticked_contract_leaves_the_panel_and_its_row(client_as):
    contract = examples.acme()
    answer = client_as("billing").post(PANEL, web.batch_form(contract, take=[]))
    assert answer.context["panel"].invoices == 0
    assert answer.context["rows"][0].picked.subtotal == 0
    assert "Nothing chosen" in answer.content.decode()


def test_each_due_period_has_a_tick_of_its_own(client_as):
    contract = make.retainer("800", start_date="2026-08-01", end_date="2026-10-31")
    client = client_as("billing")
    page = client.get(NEW)
    ticks = [f"{contract.pk}/2026-{month}-01" for month in ("08", "09", "10")]
    assert form_of(page)["take"] == ticks
    form = form_of(page) | {"take": ticks[1:]}
    answer = client.post(PANEL, form)
    assert figures(answer.context["panel"])[0::3] == (2, "1600.00")
    client.post(NEW, form | {"save": "1"})
    work(Batch.objects.get())
    starts = Invoice.objects.order_by("period_start").values_list("period_start", flat=True)
    assert [str(start) for start in starts] == ["2026-09-01", "2026-10-01"]


def test_a_block_is_billed_in_order_and_says_so_at_once(client_as):
    contract = make.block_hours(start_date="2026-09-01", end_date="2026-10-31")
    client = client_as("billing")
    form = form_of(client.get(NEW)) | {"take": [f"{contract.pk}/2026-10-01"]}
    answer = client.post(PANEL, form)
    assert answer.context["panel"].invoices == 0
    assert "Bill the period from 1 Sep 2026 first" in answer.content.decode()


def test_an_open_period_is_locked_and_opens_with_a_reason_only(client_as):
    start = dt.date.today().replace(day=1).isoformat()
    contract = make.retainer("800", start_date=start)
    client, tick = client_as("billing"), f"{contract.pk}/{start}"
    page = client.get(NEW)
    assert "take" not in form_of(page)
    assert "The period is still open" in page.content.decode()
    form = form_of(client.post(NEW, form_of(page) | {"toggle": str(contract.pk)}))
    answer = client.post(PANEL, form | {"early": [tick]})
    assert answer.context["panel"].invoices == 0
    assert "Say why it is billed early" in answer.content.decode()
    form |= {"early": [tick], f"reason-{contract.pk}": "The customer leaves"}
    assert client.post(PANEL, form).context["panel"].invoices == 1
    client.post(NEW, form | {"save": "1"})
    part = Batch.objects.get().parts.get()
    assert (part.periods, part.early_reason) == ([start], "The customer leaves")


def test_who_may_not_bill_early_gets_a_lock_without_a_box(client_as):
    contract = make.retainer(start_date=dt.date.today().replace(day=1).isoformat())
    client = client_as("read-only")
    page = client.post(NEW, form_of(client.get(NEW)) | {"toggle": str(contract.pk)})
    assert "still open" in page.content.decode()
    assert f"reason-{contract.pk}" not in form_of(page)


def test_without_javascript_recalculate_shows_the_page_again(client_as):
    contract = examples.acme()
    page = client_as("billing").post(NEW, web.batch_form(contract, recalculate="1"))
    assert page.status_code == 200
    assert page.context["panel"].invoices == 1
    assert not Batch.objects.exists()


def test_without_javascript_an_entry_is_left_out_step_by_step(client_as):
    """Open the row, untick, recalculate, close the row, save: the tick is kept all the way."""
    contract = examples.acme()
    left = f"{contract.pk}/entry:{entries(contract)['Reset gateway']}"
    client, toggle = client_as("billing"), {"toggle": str(contract.pk)}
    form = form_of(client.get(NEW, UNTIL_OCTOBER))
    form = form_of(client.post(NEW, form | toggle))
    assert len(form["piece"]) == 5
    form["piece"].remove(left)
    page = client.post(NEW, form | {"recalculate": "1"})
    assert figures(page.context["panel"])[3] == "474.50"
    form = form_of(page)
    assert len(form["piece"]) == 4
    page = client.post(NEW, form | toggle)
    assert "1 left out" in page.content.decode()
    form = form_of(page)
    assert "piece" not in form
    assert left in form["out"]
    client.post(NEW, form | {"save": "1"})
    work(Batch.objects.get())
    assert str(Invoice.objects.get().subtotal) == "474.50"


def test_what_was_left_out_comes_with_the_next_batch(client_as):
    contract = examples.acme()
    item = contract.tickets.get(number="T-1002").items.get()
    source = f"{contract.pk}/item:{item.pk}"
    client = client_as("billing")
    client.post(NEW, web.batch_form(contract, out=[source], save="1"))
    work(Batch.objects.get())
    assert str(Invoice.objects.get().subtotal) == "462.50"
    assert not item.claims.exists()
    page = client.get(NEW, UNTIL_OCTOBER)
    assert figures(page.context["panel"])[3] == "162.00"


def test_time_without_a_rate_blocks_until_it_is_left_out(client_as):
    contract = make.contract("hourly", name="Bare")
    after = make.rate(contract, "additional", "150", name="After-hours")
    ticket = make.ticket(contract)
    make.entry(ticket, 60, rate=after)
    bare = make.entry(ticket, 60)
    client = client_as("billing")
    page = client.get(NEW, UNTIL_OCTOBER)
    assert page.context["panel"].invoices == 0
    assert reverse("contracts:ticket", args=[ticket.pk]) in page.content.decode()
    form = web.batch_form(contract, out=[f"{contract.pk}/entry:{bare.pk}"])
    answer = client.post(PANEL, form)
    assert figures(answer.context["panel"])[3] == "150.00"
    assert "has no rate" not in answer.content.decode()


def test_saving_twice_makes_one_batch(client_as):
    contract = examples.acme()
    client, form = client_as("billing"), web.batch_form(contract, save="1")
    first, second = client.post(NEW, form), client.post(NEW, form)
    assert first.url == second.url
    assert Batch.objects.count() == 1


def test_ticks_survive_filters_and_pages(client_as):
    hourly, retainer = examples.acme(), make.retainer("800", start_date="2026-10-01")
    client = client_as("billing")
    form = form_of(client.get(NEW, UNTIL_OCTOBER))
    form["take"].remove(f"{hourly.pk}/2026-10-01")
    page = client.post(NEW, form | {"type": "hourly"})
    assert [row.account.contract_id for row in page.context["rows"]] == [hourly.pk]
    assert page.context["panel"].invoices == 1
    assert "1 more chosen, hidden by the filters" in page.content.decode()
    back = client.post(NEW, form_of(page) | {"type": ""})
    assert form_of(back)["take"] == [f"{retainer.pk}/2026-10-01"]


def test_all_none_and_only_these_reach_beyond_the_page(client_as, monkeypatch):
    monkeypatch.setattr("invoices.views.sheet.ROWS", 2)
    many = [
        make.retainer(
            "100", start_date="2026-10-01", end_date="2026-10-31", name=f"Care {n}",
            customer=make.customer(f"Customer {n}"),
        )
        for n in range(5)
    ]  # fmt: skip
    client = client_as("billing")
    page = client.get(NEW)
    assert page.context["panel"].invoices == 5
    assert len(page.context["rows"]) == 2
    page = client.post(NEW, form_of(page) | {"act": "none"})
    assert page.context["panel"].invoices == 0
    page = client.post(NEW, form_of(page) | {"act": "all"})
    assert page.context["panel"].invoices == 5
    page = client.post(NEW, form_of(page) | {"page": "3"})
    assert [row.account.contract_id for row in page.context["rows"]] == [many[4].pk]
    page = client.post(NEW, form_of(page) | {"q": "Care 3", "act": "only"})
    assert page.context["panel"].invoices == 1
    client.post(NEW, form_of(page) | {"save": "1"})
    assert Batch.objects.get().parts.get().contract == many[3]


def test_what_is_not_chosen_and_what_needs_a_look_can_be_found(client_as):
    good = make.retainer("800", start_date="2026-10-01", end_date="2026-10-31")
    uncounted = make.monitoring(start_date="2026-10-01", end_date="2026-10-31")
    client = client_as("billing")
    form = form_of(client.get(NEW)) | {"take": []}

    def found(state):
        page = client.post(NEW, form | {"state": state})
        return {row.account.contract_id for row in page.context["rows"]}

    assert found("skipped") == {good.pk}
    assert found("problem") == {uncounted.pk}


def test_a_link_with_a_filter_chooses_only_what_it_shows(client_as):
    contract = examples.acme()
    make.retainer("800", start_date="2026-10-01")
    page = client_as("billing").get(NEW, UNTIL_OCTOBER | {"customer": contract.customer_id})
    assert figures(page.context["panel"])[3] == "624.50"


@pytest.mark.parametrize("level", ["contract", "ticket", "entry"])
def test_the_preview_is_the_paper_of_what_is_written(client_as, level):
    contract = examples.acme()
    contract.customer.street, contract.customer.tax_number = "1 Road", "VAT 7"
    contract.customer.save()
    client, form = client_as("billing"), web.batch_form(contract, level=level)
    page = client.post(f"/batches/new/{contract.pk}/", form)
    (preview,) = page.context["previews"]
    client.post(NEW, form | {"save": "1"})
    work(Batch.objects.get())
    stored = client.get(reverse("invoices:detail", args=[Invoice.objects.get().pk]))
    assert preview.paper == stored.context["paper"]
    assert "VAT 7" in page.content.decode()


def test_the_preview_fills_the_dialog(client_as):
    contract = examples.acme()
    url, form = f"/batches/new/{contract.pk}/", web.batch_form(contract)
    words = client_as("billing").post(url, form, headers={"hx-request": "true"}).content.decode()
    assert "VPN down" in words
    assert "<html" not in words


def test_the_preview_shows_several_periods_and_what_blocks_one(client_as):
    contract = make.monitoring({"servers": "40"}, start_date="2026-09-01", end_date="2026-10-31")
    make.usage(contract, "servers", "3", on="2026-10-15")
    page = client_as("billing").get(f"/batches/new/{contract.pk}/")
    september, october = page.context["previews"]
    assert (september.paper, october.paper.total) == (None, "120.00")
    words = page.content.decode()
    assert "There is no count for Servers" in words
    assert reverse("contracts:detail", args=[contract.pk]) in words


def test_the_preview_leads_to_its_neighbours_and_back_without_losing_ticks(client_as):
    first, second = (
        make.retainer("100", start_date="2026-10-01", customer=make.customer(name))
        for name in ("Aspen", "Birch")
    )
    client = client_as("billing")
    form = form_of(client.get(NEW, UNTIL_OCTOBER))
    page = client.post(f"/batches/new/{first.pk}/", form)
    assert (page.context["before"], page.context["after"]) == (None, second.pk)
    assert f'name="take" value="{second.pk}/2026-10-01"' in page.content.decode()


def test_a_batch_at_work_is_pointed_out(client_as):
    web.batch(state=Batch.State.WRITING)
    assert "October is at work" in client_as("billing").get(NEW).content.decode()


def test_everything_else_is_not_billable_yet_for_a_reason(client_as):
    customer = make.customer("Busy")
    contract = make.hourly(customer=customer)
    make.entry(make.ticket(contract, resolved=None, number="T-OPEN"))
    make.entry(make.ticket(customer=customer, number="T-FREE"))
    make.entry(make.ticket(contract, resolved="2026-11-03", number="T-LATE"))
    for _ in range(7):
        make.entry(make.ticket(contract, resolved=None))
    page = client_as("billing").get(NEW, UNTIL_OCTOBER)
    counts = {reason.code: reason.count for reason in page.context["waiting"]}
    assert counts == {"no_contract": 1, "not_resolved": 8, "later": 1}
    words = page.content.decode()
    assert all(number in words for number in ("T-OPEN", "T-FREE", "T-LATE"))
    assert '<a href="/tickets/?waits=not_resolved">and 3 more</a>' in words
    listed = client_as("billing").get("/tickets/?waits=not_resolved")
    assert listed.context["rows"].total == 8


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "\0"},
        {"through": "yesterday"},
        {"through": "9999-12-31"},
        {"invoice_date": "2026-02-30"},
        {"level": "<script>"},
        {"uid": "1"},
        {"take": []},
        {"take": ["x", "-1", "1/2026-13-01", "٣/2026-10-01"]},
        {"take": ["99999999999999999999999/2026-10-01"]},
        {"take": ["987654/2026-10-01"]},
    ],
)
def test_a_bad_batch_is_refused_and_nothing_is_written(client_as, bad):
    contract = examples.acme()
    answer = client_as("billing").post(NEW, web.batch_form(contract, save="1") | bad)
    assert answer.status_code == 422
    assert not Batch.objects.exists()


def test_bad_ticks_are_passed_over(client_as):
    contract = examples.acme()
    out = ["", "/", "x/entry:1", f"{contract.pk}/entry:-1", f"{contract.pk}/period:1", "😀\0"]
    form = web.batch_form(contract, out=out, **{"reason-": "x", "reason-9_9": "x", "page": "x"})
    answer = client_as("billing").post(PANEL, form)
    assert answer.context["panel"].invoices == 1


def test_a_lost_cache_costs_time_but_no_tick(client_as):
    contract = examples.acme()
    client, form = client_as("billing"), web.batch_form(contract)
    before = client.post(PANEL, form).context["panel"]
    cache.clear()
    assert client.post(PANEL, form).context["panel"] == before


def test_another_date_ticks_what_it_adds_and_keeps_what_was_unticked(client_as):
    """Periods that the new date doesn't reach are gone without a complaint."""
    old = make.retainer("100", start_date="2026-09-01", end_date="2026-09-30")
    new = make.retainer("200", start_date="2026-10-01", end_date="2026-10-31")
    client = client_as("billing")
    form = form_of(client.get(NEW, {"through": "2026-09-30"})) | {"take": []}
    page = client.post(NEW, form | UNTIL_OCTOBER)
    form = form_of(page)
    assert form["take"] == [f"{new.pk}/2026-10-01"]
    assert f"{old.pk}/2026-09-01" in form["shown"]
    page = client.post(NEW, form | {"through": "2026-09-30"})
    assert (page.context["panel"].invoices, page.context["problems"]) == (0, [])


def test_what_was_mended_is_ticked_after_recalculating(client_as):
    contract = make.monitoring({"servers": "40"}, start_date="2026-10-01", end_date="2026-10-31")
    client = client_as("billing")
    page = client.get(NEW)
    assert page.context["panel"].invoices == 0
    make.usage(contract, "servers", "3")
    page = client.post(NEW, form_of(page) | {"state": "problem", "recalculate": "1"})
    assert figures(page.context["panel"])[3] == "120.00"


def test_nobody_gets_the_sheet_of_somebody_else(client_as):
    examples.acme()
    form = form_of(client_as("billing").get(NEW, UNTIL_OCTOBER))
    make.retainer("800", start_date="2026-10-01", end_date="2026-10-31")
    page = client_as("owner").post(NEW, form)
    assert len(page.context["rows"]) == 2


def test_recalculate_sees_what_was_done_meanwhile(client_as):
    contract = examples.acme()
    client = client_as("billing")
    form = form_of(client.get(NEW, UNTIL_OCTOBER))
    make.entry(contract.tickets.get(number="T-1001"), 60, description="Forgotten")
    assert figures(client.post(PANEL, form).context["panel"])[3] == "624.50"
    page = client.post(NEW, form | {"recalculate": "1"})
    assert figures(page.context["panel"])[3] == "724.50"


def test_bills_of_nothing_are_not_chosen_unless_they_are_wanted(client_as):
    make.retainer("0", start_date="2026-10-01", end_date="2026-10-31")
    client = client_as("billing")
    page = client.get(NEW)
    assert page.context["panel"].invoices == 0
    assert "No invoice is written for nothing" in page.content.decode()
    Installation.objects.update(zero_invoices=True)
    assert client.get(NEW).context["panel"].invoices == 1


def test_names_are_shown_as_text(client_as):
    make.retainer("9", name="<b>{{ 7 }}</b>", start_date="2026-10-01", end_date="2026-10-31")
    words = client_as("billing").get(NEW).content.decode()
    assert "&lt;b&gt;{{ 7 }}&lt;/b&gt;" in words
    assert "<b>{{ 7 }}</b>" not in words


def test_the_page_needs_no_more_queries_for_more_contracts(
    client_as, django_assert_max_num_queries
):
    client = client_as("billing")
    for _ in range(12):
        make.entry(make.ticket(make.hourly()))
    with django_assert_max_num_queries(45):
        page = client.get(NEW, UNTIL_OCTOBER)
    form = form_of(page)
    with django_assert_max_num_queries(12):
        client.post(PANEL, form)


def test_unknown_filters_show_everything_or_nothing_but_never_fail(client_as):
    examples.acme()
    bad = {"customer": "x", "type": "<i>", "taxable": "\0", "state": "9", "through": "soon"}
    assert client_as("billing").get(NEW, bad).status_code == 200


def test_uid_must_be_fresh_per_page(client_as):
    client = client_as("billing")
    assert len({form_of(client.get(NEW))["uid"][0] for _ in range(2)}) == 2


def test_addresses_that_only_answer_ticks_lead_back_to_the_page(client_as):
    contract = make.hourly()
    for url in (PANEL, reverse("invoices:batch-row", args=[contract.pk])):
        assert client_as("billing").get(url).url == NEW
    assert client_as("billing").get("/batches/new/987654/").status_code == 404

"""What the rest of the product relies on, whoever the provider is.

These tests know the port only. A provider that passes them can be exported to.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from accounting.providers import port
from accounting.providers.port import Kind, Operation, Reason, State

from .backends import REDIRECT

KEY = "0b6ff8b0-6f0a-4d3c-9d0e-1f0c2d3e4f50"
OTHER = "0b6ff8b0-6f0a-4d3c-9d0e-1f0c2d3e4f51"


@pytest.fixture
def provider(backend):
    return backend.provider


def send(backend, session, *documents, operation=Operation.CREATE, key=KEY):
    call = backend.provider.freeze(operation, documents, key=key, facts=session.facts)
    return backend.provider.send(session, call)


def create(backend, session, *documents, key=KEY):
    """The receipts of documents that all succeed."""
    outcomes = send(backend, session, *documents, key=key)
    assert [outcome.error for outcome in outcomes] == [None] * len(documents)
    return [outcome.receipt for outcome in outcomes]


# Connecting ---------------------------------------------------------------------------------------


def test_a_consent_gives_tokens_and_says_which_company(backend, provider):
    url = provider.authorize_url(state="our-state", redirect_uri=REDIRECT)
    answer = backend.consent(url)
    assert answer["state"] == "our-state"
    tokens, companies = provider.exchange(answer, redirect_uri=REDIRECT)
    assert len(companies) == 1
    assert tokens.access_expires_at > timezone.now()
    company = provider.company(port.Session(companies[0].id, tokens.access))
    assert company.id == companies[0].id
    assert company.name
    assert len(company.currency) == 3


def test_a_refused_consent_is_a_refusal(backend, provider):
    url = provider.authorize_url(state="s", redirect_uri=REDIRECT)
    with pytest.raises(port.Rejected):
        provider.exchange(backend.consent(url, refuse=True), redirect_uri=REDIRECT)


def test_a_consent_works_once_and_for_its_own_address(backend, provider):
    url = provider.authorize_url(state="s", redirect_uri=REDIRECT)
    answer = backend.consent(url)
    with pytest.raises(port.Rejected):
        provider.exchange(answer, redirect_uri=REDIRECT + "/other")
    answer = backend.consent(url)
    provider.exchange(answer, redirect_uri=REDIRECT)
    with pytest.raises(port.Rejected):
        provider.exchange(answer, redirect_uri=REDIRECT)


def test_a_refresh_gives_access_again(backend, provider):
    tokens = backend.tokens()
    backend.end_access_tokens()
    company_id = backend.session().company_id
    with pytest.raises(port.Unauthorized) as refused:
        provider.company(port.Session(company_id, tokens.access))
    assert not refused.value.final
    fresh = provider.refresh(tokens)
    assert provider.company(port.Session(company_id, fresh.access)).id == company_id


def test_a_dead_refresh_token_needs_a_new_consent(backend, provider):
    tokens = backend.tokens()
    backend.disconnect()
    with pytest.raises(port.Unauthorized) as refused:
        provider.refresh(tokens)
    assert refused.value.final


def test_an_outage_leaves_the_refresh_token_usable(backend, provider):
    tokens = backend.tokens()
    backend.unplug()
    with pytest.raises(port.Unavailable):
        provider.refresh(tokens)
    backend.plug()
    backend.hang_up_on_tokens()
    with pytest.raises(port.ProviderError) as error:
        provider.refresh(tokens)
    assert not isinstance(error.value, port.Unauthorized)
    assert provider.refresh(tokens).access


def test_revoking_ends_access_and_is_no_error_twice(backend, provider):
    tokens = backend.tokens()
    company_id = backend.session().company_id
    provider.revoke(tokens, company_id=company_id)
    provider.revoke(tokens, company_id=company_id)
    with pytest.raises(port.Unauthorized):
        provider.refresh(tokens)
    with pytest.raises(port.Unauthorized):
        provider.company(port.Session(company_id, tokens.access))


def test_secrets_are_not_in_what_is_printed(backend):
    tokens = backend.tokens()
    session = port.Session("1", tokens.access)
    printed = f"{tokens!r} {session!r} {backend.provider!r} {vars(backend.provider)!r}"
    for secret in (tokens.access, tokens.refresh, backend.settings()["client_secret"]):
        assert secret not in printed


# Records ------------------------------------------------------------------------------------------


def test_the_facts_of_a_company_can_be_kept_as_json(session):
    assert json.loads(json.dumps(dict(session.facts))) == session.facts


@pytest.mark.parametrize("kind", list(Kind))
def test_the_records_of_each_kind_have_ids_and_names(backend, provider, session, kind):
    found = provider.records(session, kind)
    assert found or (kind is Kind.PERSON and not backend.takes_time)
    assert len({record.id for record in found}) == len(found)
    assert all(record.kind is kind and record.id and record.name for record in found)


def test_a_long_list_comes_whole_and_each_once(backend, provider, session):
    before = len(provider.records(session, Kind.CUSTOMER))
    backend.add_customers(2150)
    names = [record.name for record in provider.records(session, Kind.CUSTOMER)]
    assert len(names) == before + 2150
    assert len(set(names)) == len(names)


def test_inactive_records_come_too_and_say_so(backend, provider, session):
    id = backend.deactivate_customer()
    found = {record.id: record for record in provider.records(session, Kind.CUSTOMER)}
    assert not found[id].active
    assert sum(not record.active for record in found.values()) == 1


@pytest.mark.parametrize("make", ["new_customer", "new_item"])
def test_a_record_is_created_once_per_key(backend, provider, session, make):
    new = getattr(backend, make)("Brand new")
    first = provider.create(session, new, key=KEY)
    again = provider.create(session, new, key=KEY)
    assert first == again
    assert first.name == "Brand new"
    found = [record for record in provider.records(session, new.kind) if record.name == first.name]
    assert [record.id for record in found] == [first.id]


@pytest.mark.parametrize("make", ["new_customer", "new_item"])
def test_a_taken_name_says_who_has_it(backend, provider, session, make):
    first = provider.create(session, getattr(backend, make)("O'Neill \\ Sons"), key=KEY)
    with pytest.raises(port.Rejected) as refused:
        provider.create(session, getattr(backend, make)("o'neill \\ sons"), key=OTHER)
    assert refused.value.reason is Reason.NAME_TAKEN
    assert refused.value.found_id == first.id


def test_many_records_are_created_in_one_call(backend, provider, session):
    taken = provider.create(session, backend.new_customer("Taken"), key=OTHER)
    calls = []
    counted = replace(session, spend=calls.append)
    new = [backend.new_customer(name) for name in ("First", "Second", "taken")]
    first, second, refused = provider.create_many(counted, new, key=KEY)
    assert calls.count(port.Cost.CALL) == 1
    assert [(first.kind, first.name), (second.kind, second.name)] == [
        (Kind.CUSTOMER, "First"), (Kind.CUSTOMER, "Second"),
    ]  # fmt: skip
    assert (refused.reason, refused.found_id) == (Reason.NAME_TAKEN, taken.id)
    again = provider.create_many(session, new, key=KEY)
    assert [record.id for record in again[:2]] == [first.id, second.id]
    assert len(provider.records(session, Kind.CUSTOMER)) == len(
        {record.name.lower() for record in provider.records(session, Kind.CUSTOMER)}
    )


# Documents ----------------------------------------------------------------------------------------


def test_freezing_is_pure_and_gives_the_same_bytes(backend, provider, session):
    documents = [backend.document(f"A-{number}") for number in range(3)]
    calls = [
        provider.freeze(Operation.CREATE, documents, key=KEY, facts=session.facts) for _ in range(2)
    ]
    assert calls[0] == calls[1]
    assert len(set(calls[0].places)) == 3
    assert calls[0].key == KEY
    assert backend.writes() == 0


def test_a_document_arrives_as_it_was_sent(backend, session):
    document = backend.document("INV-7", backend.line("125.00"), backend.line("40.00"))
    (receipt,) = create(backend, session, document)
    assert receipt.total == receipt.balance == Decimal("165.00")
    assert (receipt.subtotal, receipt.tax) == (Decimal("165.00"), Decimal(0))
    assert receipt.number == "INV-7"
    assert receipt.id
    assert receipt.version
    content = receipt.content
    assert content["customer_id"] == document.customer_id
    assert content["date"] == "2026-11-20"
    assert content["due_date"] == "2026-12-20"
    for name, text in (("email", "ana@customer.example"), ("message", "Thank you")):
        assert content[name] == (text if name in backend.provider.holds else "")
    assert [line["net"] for line in content["lines"]] == ["125.00", "40.00"]
    assert content["lines"][0]["description"] == "Standard support"
    assert content["lines"][0]["item_id"] == document.lines[0].item_id
    assert content["total"] == "165.00"


@pytest.mark.parametrize(
    "figures",
    [
        ("14.5", "128.35", "0", "1861.08"),  # half a cent, up
        ("0.33", "100.50", "0", "33.17"),
        ("2.25", "99.99", "7.5", "208.10"),
        ("3", "0.3333", "12.34", "0.88"),
        ("-1", "80", "0", "-80.00"),
        ("1", "250", "100", "0.00"),
        ("2.5", "0", "0", "0.00"),
        ("1234.5678", "98.7654", "33.33", "81291.61"),
    ],
)
def test_r34_amounts_arrive_to_the_cent(backend, session, figures):
    quantity, price, discount, net = figures
    line = backend.line(
        net,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        discount_percent=Decimal(discount),
    )
    (receipt,) = create(backend, session, backend.document("", line, backend.line("500.00")))
    assert receipt.total == Decimal("500.00") + Decimal(net)
    assert receipt.content["lines"][0]["net"] == net


def test_the_same_call_again_has_the_same_outcomes_and_no_second_document(backend, session):
    documents = [backend.document(), backend.document()]
    first = create(backend, session, *documents)
    assert create(backend, session, *documents) == first
    assert len(backend.invoices()) == 2


def test_every_outcome_bears_what_the_support_of_the_provider_asks_for(backend, session):
    outcomes = send(backend, session, backend.document(), backend.bad_document())
    assert all(outcome.reference for outcome in outcomes)
    assert outcomes[1].error.reference == outcomes[1].reference


def test_one_refused_document_stops_no_other(backend, session):
    good = [backend.document() for _ in range(4)]
    documents = [*good[:2], backend.bad_document(), *good[2:]]
    outcomes = send(backend, session, *documents)
    assert [outcome.error is None for outcome in outcomes] == [True, True, False, True, True]
    error = outcomes[2].error
    assert isinstance(error, port.Rejected)
    assert error.reason is Reason.REFERENCE
    assert error.code
    numbers = [outcome.receipt.number for outcome in outcomes if outcome.receipt]
    assert numbers == [document.number for document in good]


def test_a_taken_number_names_the_document_that_has_it(backend, session):
    (first,) = create(backend, session, backend.document("INV-1"))
    (outcome,) = send(backend, session, backend.document("INV-1"), key=OTHER)
    assert isinstance(outcome.error, port.Rejected)
    assert outcome.error.reason is Reason.NUMBER_TAKEN
    assert outcome.error.found_id == first.id


def test_a_lost_answer_is_unknown_and_the_document_is_found_by_its_marker(backend, session):
    document, absent = backend.document(), backend.document()
    backend.lose_answer()
    with pytest.raises(port.Unknown):
        send(backend, session, document)
    found = backend.provider.find(session, [absent, document])
    assert found[0] is None
    assert found[1] == create(backend, session, document)[0]
    assert len(backend.invoices()) == 1


def test_a_document_of_somebody_else_with_the_same_number_is_not_found(backend, provider, session):
    create(backend, session, backend.document("INV-9"))
    assert provider.find(session, [backend.document("INV-9")]) == [None]


def test_a_marker_that_begins_another_one_is_not_that_one(backend, provider, session):
    create(backend, session, backend.document("INV-12", marker="ai-12"))
    assert provider.find(session, [backend.document("INV-12", marker="ai-1")]) == [None]


def test_a_document_without_a_number_of_ours_is_numbered_there_and_found(
    backend, provider, session
):
    document = backend.document("x")
    unnumbered = backend.document(**{**vars_of(document), "number": "", "lines": document.lines})
    (receipt,) = create(backend, session, unnumbered)
    assert receipt.number
    assert provider.find(session, [unnumbered]) == [receipt]


def test_nothing_is_sent_when_the_provider_is_away(backend, session):
    backend.unplug()
    with pytest.raises(port.Unavailable):
        send(backend, session, backend.document())
    backend.plug()
    assert backend.invoices() == []


def test_a_throttled_call_was_not_made_and_says_how_long_to_wait(backend, session):
    backend.throttle()
    with pytest.raises(port.Unavailable) as error:
        send(backend, session, backend.document())
    assert error.value.retry_after
    assert error.value.whole_company
    assert backend.invoices() == []


def test_an_access_token_that_ended_is_told_apart_from_a_connection_that_did(backend, session):
    backend.end_access_tokens()
    with pytest.raises(port.Unauthorized) as error:
        send(backend, session, backend.document())
    assert not error.value.final
    assert backend.invoices() == []


def test_the_budget_is_asked_before_each_request_and_can_stop_it(backend, session):
    spent = []

    def spend(cost):
        spent.append(cost)
        if len(spent) > 1:
            raise port.Unavailable("No more.", code="budget")

    watched = port.Session(session.company_id, session.access, session.facts, spend)
    create(backend, watched, backend.document())
    assert spent == [port.Cost.CALL]
    before = backend.writes()
    with pytest.raises(port.Unavailable):
        send(backend, watched, backend.document(), key=OTHER)
    assert backend.writes() == before


def vars_of(document):
    return {name: getattr(document, name) for name in document.__dataclass_fields__}


def changed(document, receipt, **fields):
    """The document as an update or void of what is there now."""
    known = {"remote_id": receipt.id, "remote_version": receipt.version}
    return type(document)(**{**vars_of(document), **known, **fields})


def test_an_update_replaces_what_we_send(backend, session):
    document = backend.document("INV-3")
    (receipt,) = create(backend, session, document)
    lines = (backend.line("10.00", description="Less"), backend.line("5.00"))
    new = changed(document, receipt, lines=lines, email="", message="", total=Decimal(15))
    (outcome,) = send(backend, session, new, operation=Operation.UPDATE, key=OTHER)
    after = outcome.receipt
    assert after.id == receipt.id
    assert after.version != receipt.version
    assert after.total == Decimal("15.00")
    assert [line["description"] for line in after.content["lines"]] == ["Less", "Standard support"]
    assert (after.content["email"], after.content["message"]) == ("", "")
    assert backend.provider.find(session, [new]) == [after]


def test_an_update_of_what_somebody_changed_is_stale(backend, session):
    document = backend.document()
    (receipt,) = create(backend, session, document)
    backend.edit(receipt.id, "3")
    new = changed(document, receipt)
    (outcome,) = send(backend, session, new, operation=Operation.UPDATE, key=OTHER)
    assert outcome.error.reason is Reason.STALE


def test_a_void_leaves_the_document_for_nothing(backend, provider, session):
    document = backend.document()
    (receipt,) = create(backend, session, document)
    void = changed(document, receipt)
    (outcome,) = send(backend, session, void, operation=Operation.VOID, key=OTHER)
    assert outcome.receipt.id == receipt.id
    assert outcome.receipt.total == 0
    assert provider.get(session, [receipt.id])[receipt.id].state is State.VOIDED


def test_what_was_deleted_can_be_neither_changed_nor_voided(backend, session):
    document = backend.document()
    (receipt,) = create(backend, backend.erasable(session), document)
    backend.delete(receipt.id)
    for key, operation in ((KEY[:-1] + "2", Operation.UPDATE), (OTHER, Operation.VOID)):
        new = changed(document, receipt)
        (outcome,) = send(backend, session, new, operation=operation, key=key)
        assert outcome.error.reason is Reason.GONE


def test_what_will_be_refused_is_said_before(backend, provider, session):
    facts = session.facts
    assert provider.check(backend.document(), facts=facts) == []
    negative = backend.line("-10.00", quantity=Decimal(-1), unit_price=Decimal(10))
    too_long = "N" * 300
    for document, reason in (
        (backend.document(too_long), Reason.TOO_LONG),
        (backend.document("", negative), Reason.AMOUNT),
        (backend.document(currency="XTS"), Reason.CURRENCY),
    ):
        assert [problem.reason for problem in provider.check(document, facts=facts)] == [reason]


def test_what_is_previewed_is_what_stands_there_afterwards(backend, provider, session):
    facts = session.facts
    lines = (
        backend.line("90.00", discount_percent=Decimal(10), unit_price=Decimal(100)),
        backend.line("0.00", description="Covered", quantity=Decimal("2.5")),
        backend.line("33.33", description="Two\nrows", quantity=Decimal("0.3333"), taxable=True,
                     unit_price=Decimal("100.0100")),
    )  # fmt: skip
    document = backend.document("INV-7", *lines, message="Thanks\nfor your trust")
    shown = provider.preview(Operation.CREATE, document, facts=facts)
    (receipt,) = create(backend, session, document)
    assert {**receipt.content, **shown} == receipt.content
    assert {"customer_id", "number", "date", "due_date", "email", "lines"} <= set(shown)
    new = changed(document, receipt, lines=(backend.line("5.00"),), email="", message="")
    shown = provider.preview(Operation.UPDATE, new, facts=facts)
    (outcome,) = send(backend, session, new, operation=Operation.UPDATE, key=OTHER)
    assert {**outcome.receipt.content, **shown} == outcome.receipt.content
    assert (shown["email"], shown["message"]) == ("", "")
    unnumbered = changed(document, receipt, number="")
    assert "number" not in provider.preview(Operation.CREATE, unnumbered, facts=facts)


def test_a_preview_keeps_the_ids_of_what_is_only_going_to_be_created(backend, provider, session):
    document = backend.document("", backend.line(item_id="link:7"), customer_id="link:3")
    shown = provider.preview(Operation.CREATE, document, facts=session.facts)
    assert shown["customer_id"] == "link:3"
    assert [line["item_id"] for line in shown["lines"]] == ["link:7"]


# Status -------------------------------------------------------------------------------------------


def test_the_states_of_an_invoice(backend, provider, session):
    documents = [backend.document() for _ in range(4)]
    receipts = create(backend, session, *documents)
    receipts += create(backend, backend.erasable(session), backend.document(), key=OTHER)
    ids = open_, partly, paid, voided, deleted = [receipt.id for receipt in receipts]
    backend.pay(partly, "25.00")
    backend.pay(paid, "125.00")
    backend.void(voided)
    backend.delete(deleted)
    found = provider.get(session, ids)
    assert {id: found[id].state for id in ids} == {
        open_: State.OPEN,
        partly: State.PARTIALLY_PAID,
        paid: State.PAID,
        voided: State.VOIDED,
        deleted: State.DELETED,
    }
    assert found[partly].balance == Decimal("100.00")
    assert found[deleted].content is None


def test_invoices_are_found_by_number_whoever_made_them(backend, provider, session):
    mine, other = backend.document("N-1"), backend.document("N-2", backend.line("10.00"))
    create(backend, session, mine, other)
    found = {status.number: status for status in provider.numbered(session, ["N-2", "N-3", "N-2"])}
    assert list(found) == ["N-2"]
    assert found["N-2"].total == Decimal("10.00")
    assert found["N-2"].content["customer_id"] == other.customer_id
    assert provider.numbered(session, []) == []


def test_an_invoice_for_nothing_is_not_voided(backend, provider, session):
    covered = backend.line("0.00", quantity=Decimal("2.5"), unit_price=Decimal(0))
    (receipt,) = create(backend, session, backend.document("", covered))
    status = provider.get(session, [receipt.id])[receipt.id]
    assert (status.is_gone, status.balance, status.settlements) == (False, 0, ())


def test_payments_and_credits_settle_what_is_no_longer_open(backend, provider, session):
    (receipt,) = create(backend, session, backend.document())
    payment = backend.pay(receipt.id, "25.00")
    credit = backend.credit(receipt.id, "100.00")
    status = provider.get(session, [receipt.id])[receipt.id]
    settled = {part.id: (part.amount, part.credit) for part in status.settlements}
    assert settled == {payment: (Decimal("25.00"), False), credit: (Decimal("100.00"), True)}
    assert all(part.invoice_id == receipt.id for part in status.settlements)
    assert status.state is State.PAID


def follow(provider, session, cursor):
    """All changes since a cursor, and the next one."""
    statuses, gone = {}, set()
    while True:
        changes = provider.changes(session, cursor, at=timezone.now())
        statuses |= {status.id: status for status in changes.statuses}
        gone |= set(changes.payments_gone)
        cursor = changes.cursor
        if changes.complete:
            return statuses, gone, cursor


def test_changes_since_a_cursor_bring_everything_that_happened(backend, provider, session):
    cursor = provider.changes(session, "", at=timezone.now()).cursor
    documents = [backend.document() for _ in range(3)]
    untouched, paid, voided = [r.id for r in create(backend, session, *documents)]
    (other,) = create(backend, backend.erasable(session), backend.document(), key=OTHER)
    deleted = other.id
    payment = backend.pay(paid, "125.00")
    backend.void(voided)
    backend.delete(deleted)
    statuses, gone, cursor = follow(provider, session, cursor)
    assert statuses[untouched].state is State.OPEN
    assert statuses[paid].state is State.PAID
    assert [part.id for part in statuses[paid].settlements] == [payment]
    assert statuses[voided].state is State.VOIDED
    assert statuses[deleted].state is State.DELETED
    assert gone == set()
    backend.unpay(payment)
    statuses, gone, _ = follow(provider, session, cursor)
    assert statuses[paid].state is State.OPEN
    assert statuses[paid].settlements == ()
    assert gone == {payment}


def test_a_cursor_goes_forward_and_overlaps(backend, provider, session):
    cursor = provider.changes(session, "", at=timezone.now()).cursor
    (receipt,) = create(backend, session, backend.document())
    statuses, _, second = follow(provider, session, cursor)
    again, _, _ = follow(provider, session, second)
    assert receipt.id in statuses
    assert receipt.id in again
    assert second >= cursor


def test_a_cursor_that_is_too_old_asks_for_a_sweep(provider, session):
    cursor = provider.changes(session, "", at=timezone.now()).cursor
    late = timezone.now() + dt.timedelta(days=400)
    with pytest.raises(port.Rejected) as error:
        provider.changes(session, cursor, at=late)
    assert error.value.code == "cursor_too_old"


def test_what_a_status_says_compares_equal_to_the_receipt(backend, provider, session):
    (receipt,) = create(backend, session, backend.document())
    status = provider.get(session, [receipt.id])[receipt.id]
    assert status.content == receipt.content
    url = provider.url_of(session.company_id, receipt.id, facts=session.facts)
    assert status.url == receipt.url == url
    assert receipt.id in status.url


# Time ---------------------------------------------------------------------------------------------


def test_time_arrives_is_found_and_goes_again(backend, provider, session):
    if not backend.takes_time:
        (problem,) = provider.check(backend.time(), facts=session.facts)
        assert problem.reason is Reason.NOT_ALLOWED
        return
    document, absent = backend.time(), backend.time()
    (receipt,) = create(backend, session, document)
    assert receipt.content["minutes"] == "90"
    assert receipt.total == Decimal("188.25")
    assert provider.find(session, [absent, document]) == [None, receipt]
    (outcome,) = send(
        backend, session, changed(document, receipt, minutes=30), operation=Operation.UPDATE,
        key=OTHER,
    )  # fmt: skip
    assert outcome.receipt.content["minutes"] == "30"
    gone = changed(document, outcome.receipt)
    (outcome,) = send(backend, session, gone, operation=Operation.VOID, key=KEY[:-1] + "2")
    assert outcome.error is None
    assert provider.find(session, [document]) == [None]


# Doorbells ----------------------------------------------------------------------------------------


def test_what_happens_there_rings_with_company_and_record(backend, provider, session):
    with backend.doorbell() as rung:
        (receipt,) = create(backend, session, backend.document())
        backend.pay(receipt.id, "25.00")
        bells = [bell for body, headers in rung() for bell in provider.doorbells(body, headers)]
    assert {bell.company_id for bell in bells} == {session.company_id}
    assert receipt.id in {bell.id for bell in bells if bell.kind == "invoice"}
    assert "payment" in {bell.kind for bell in bells} or not backend.rings_for_payments
    assert len({bell.key for bell in bells}) == len(bells)


def test_the_same_notice_again_has_the_same_key(backend, provider, session):
    with backend.doorbell() as rung:
        create(backend, session, backend.document())
        ((body, headers),) = rung()
    assert provider.doorbells(body, headers) == provider.doorbells(body, headers)


def test_a_notice_that_somebody_else_signed_is_refused(backend, provider, session):
    with backend.doorbell() as rung:
        create(backend, session, backend.document())
        ((body, headers),) = rung()
    for wrong_body, wrong_headers in (
        (body + b" ", headers),
        (body[:-1], headers),
        (body, {}),
        (body, {name: text[::-1] for name, text in headers.items()}),
        (b"", headers),
    ):
        with pytest.raises(port.Unauthorized):
            provider.doorbells(wrong_body, wrong_headers)

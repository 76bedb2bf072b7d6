"""Tokens and consent: F14-F18 of the faults of Xero, several organisations, and the end."""

from __future__ import annotations

from contextlib import suppress

import pytest
import time_machine

from accounting import access, connecting, delivery, restoring
from accounting.models import Connection, Export
from accounting.providers import port, registry
from atera_invoicing.errors import Refused
from tests.accounting.making import draft
from tests.accounting.providers.backends import REDIRECT, Xero
from tests.faults.test_races import at_once

from .office import SEND


def test_xero_f14_a_token_that_dies_in_the_middle_is_renewed_once(office):
    invoices = [office.invoice() for _ in range(3)]
    office.queue(*invoices)
    office.xero.expire_access_tokens()
    office.work()
    office.assert_there_once(*invoices)
    assert [each.status for each in office.batches()] == [401, 200]
    assert office.refreshes() == 1


def test_xero_f14_a_401_on_a_good_token_costs_one_refresh_and_one_try(office):
    invoice = office.invoice()
    office.queue(invoice)
    office.xero.arm("unauthorized", on=SEND)
    office.work()
    office.assert_there_once(invoice)
    assert office.refreshes() == 1


@pytest.mark.parametrize("fault", ["lose_answer", "drop_request", "truncate_answer"])
def test_xero_f15_a_refresh_whose_answer_was_lost_is_repeated_and_nobody_consents_again(
    office, fault
):
    invoice = office.invoice()
    office.queue(invoice)
    office.expire_access()
    office.xero.arm(fault, on="token")
    office.work()
    office.assert_waits(invoice)
    assert office.fresh().lost_at is None
    office.wait(minutes=1)
    office.assert_there_once(invoice)


def test_xero_f15_what_a_dead_process_did_not_save_is_had_again_in_the_grace(office):
    office.expire_access()
    tokens = access.thaw(office.fresh().reveal())
    registry.get("xero").refresh(tokens)  # and the process dies before it saves
    office.sims.clock.move(minutes=20)
    office.export()
    assert office.fresh().lost_at is None


def test_xero_f15_two_workers_refresh_once(office):
    office.expire_access()
    at_once(4, lambda i: connecting.session(
        Connection.objects.get(pk=office.connection.pk), now=office.now
    ))  # fmt: skip
    assert office.refreshes() == 1


def test_xero_f16_a_refresh_answer_with_more_in_it_is_taken(office):
    office.xero.switch(token_extra_keys=True)
    office.expire_access()
    office.export()
    assert office.refreshes() == 1


@pytest.mark.parametrize("how", ["disconnect", "lose_rights"])
def test_xero_f17_an_organisation_that_closes_in_mid_run_stops_cleanly_and_goes_on(office, how):
    first, second = office.invoice(), office.invoice()
    office.queue(first)
    office.work()
    office.queue(second)
    getattr(office.person, how)()
    office.work()
    assert "connect again" in office.fresh().lost_reason
    office.assert_waits(second)
    asked = len(office.xero.requests())
    office.wait(rounds=2)
    assert len(office.xero.requests()) == asked
    office.person.regain_rights()
    office.xero.switch(consent="grant")
    office.reconnect()
    office.wait()
    office.assert_there_once(first, second)


@pytest.mark.parametrize(
    "missing", ["accounting.contacts", "accounting.settings", "accounting.payments.read"]
)
def test_xero_f18_a_consent_without_a_scope_says_which_one(office, settings, missing):
    scopes = settings.XERO["scopes"].replace(missing, "")
    settings.XERO = {**settings.XERO, "scopes": scopes}
    with pytest.raises(Refused) as refused:
        office.reconnect()
    assert missing.removesuffix(".read") in refused.value.message


def test_xero_f18_a_scope_that_is_missing_later_parks_the_connection_with_its_reason(office):
    invoices = [office.invoice() for _ in range(20)]
    office.queue(*invoices)
    office.xero.arm("unentitled", on=SEND, times=1000)
    office.work()
    office.wait(rounds=2)
    assert len(office.batches()) == 1
    assert office.refreshes() == 0
    assert "does not cover this" in office.fresh().lost_reason
    for invoice in invoices:
        office.assert_waits(invoice)
    assert "Connect again" in office.browser.get("/accounting/").text
    office.sims.world.faults.disarm()
    office.reconnect()
    office.wait()
    office.assert_there_once(*invoices)


# Several organisations ----------------------------------------------------------------------------


def consented(sims, owner) -> Connection:
    """A draft whose consent opened every organisation there is."""
    sims.xero.register([REDIRECT], sims.xero.client_id)
    connection, now = draft(owner, provider="xero"), sims.clock.now()
    session = {"by": owner, "session_key": "browser", "redirect_uri": REDIRECT}
    url = connecting.begin(connection, now=now, **session)
    back = Xero(sims).consent(url)
    return connecting.finish(back, provider="xero", now=now, **session)


def test_of_several_organisations_one_is_chosen_and_the_others_stay_as_they_are(
    sims, transactional_db, owner
):
    second = sims.xero.add_organisation("nz")
    connection = consented(sims, owner)
    offered = {each["id"]: each["name"] for each in connecting.choices(connection)}
    assert offered == {
        tenant: sims.xero.organisation(tenant).name for tenant in sims.xero.organisations()
    }
    assert connection.company_id == ""
    connecting.choose(connection, second, now=sims.clock.now())
    assert (connection.company_id, connection.currency) == (second, "NZD")
    assert len(sims.xero.connections()) == 2


def test_ending_it_removes_this_organisation_only(sims, transactional_db, owner):
    second = sims.xero.add_organisation("nz")
    connection = consented(sims, owner)
    connecting.choose(connection, second, now=sims.clock.now())
    tokens = connecting.detach(connection)
    assert connecting.revoke(connection, tokens)
    assert [each["tenant"] for each in sims.xero.connections()] == [sims.xero.tenant]
    assert not any(grant.revoked for grant in sims.xero.app.oauth.grants)


def opens(sims, access: str) -> set[str]:
    """The organisations that a token is let into."""
    found = set()
    for tenant in sims.xero.organisations():
        with suppress(port.ProviderError):
            found.add(registry.get("xero").company(port.Session(tenant, access)).id)
    return found


def test_one_refresh_serves_every_organisation_of_a_consent(sims, transactional_db, owner):
    second = sims.xero.add_organisation("nz")
    connection = consented(sims, owner)
    connecting.choose(connection, second, now=sims.clock.now())
    Connection.objects.update(access_expires_at=sims.clock.now())
    sims.xero.expire_access_tokens()
    session = connecting.session(connection, now=sims.clock.now())
    assert len(Xero(sims).refreshes()) == 1
    assert opens(sims, session.access) == {sims.xero.tenant, second}


def test_ending_one_organisation_leaves_the_tokens_of_the_consent_alive_for_the_other(
    sims, transactional_db, owner
):
    """As two installations have it that share an app: each holds what the consent gave."""
    second = sims.xero.add_organisation("nz")
    first = consented(sims, owner)
    connecting.choose(first, sims.xero.tenant, now=sims.clock.now())
    other = access.thaw(first.reveal())
    assert connecting.revoke(first, connecting.detach(first))
    assert opens(sims, other.access) == {second}
    assert opens(sims, registry.get("xero").refresh(other).access) == {second}


def test_ending_the_last_one_ends_the_consent(sims, transactional_db, owner):
    connection = consented(sims, owner)
    assert connection.company_id == sims.xero.tenant
    connecting.revoke(connection, connecting.detach(connection))
    assert sims.xero.connections() == []
    assert all(grant.revoked for grant in sims.xero.app.oauth.grants)


def test_a_consent_that_was_never_decided_is_given_back_as_a_whole(sims, transactional_db, owner):
    sims.xero.add_organisation("nz")
    connection = consented(sims, owner)
    connecting.revoke(connection, connecting.detach(connection))
    assert sims.xero.connections() == []


def test_a_consent_for_other_organisations_is_given_back_and_ours_goes_on(office):
    """The active connection is not one of those that were ticked this time."""
    others = [office.xero.add_organisation(region) for region in ("nz", "gb")]
    office.xero.register([REDIRECT], office.xero.client_id)
    session = {"by": office.owner, "session_key": "browser", "redirect_uri": REDIRECT}
    url = connecting.begin(office.connection, now=office.now, **session)
    app, ours = office.xero.app, office.connection.company_id
    everything = dict(app.organisations)
    del app.organisations[ours]
    back = Xero(office.sims).consent(url)  # grants every organisation that is there
    app.organisations = everything
    with pytest.raises(Refused, match="signed in to another"):
        connecting.finish(back, provider="xero", now=office.now, **session)
    assert {each["tenant"] for each in office.xero.connections()} == {ours}
    assert ours not in others
    office.export()


def test_disconnecting_here_keeps_the_history(office):
    invoice = office.export()
    plan = restoring.plan(office.connection, now=office.now)
    assert plan
    told = restoring.disconnect(office.connection, by=office.owner, now=office.now)
    assert told
    assert office.xero.connections() == []
    assert Export.objects.get(invoice=invoice).state == "sent"


# The day's limit ----------------------------------------------------------------------------------


def test_the_daily_limit_in_mid_run_parks_the_rest_until_the_day_is_over(office):
    office.xero.switch(limits="enforced")
    invoices = [office.invoice() for _ in range(120)]
    office.queue(*invoices)
    office.xero.use_up_day(leave=2)
    office.work()
    assert Export.objects.filter(state="sent").count() == 100
    held = office.fresh().held_until
    assert held.date() == office.now.date().replace(day=25)
    with time_machine.travel(office.now, tick=False):
        page = office.browser.get("/accounting/").text
    assert "used up for this organisation" in page
    assert "25 Nov 2026 at" in page
    asked = len(office.xero.requests())
    assert delivery.work(office.connection.pk, now=office.now)
    assert len(office.xero.requests()) == asked
    office.sims.clock.set(held)
    office.wait(rounds=2)
    office.assert_there_once(*invoices)
    assert office.xero.usage()["violations"] == {"day": 1}  # the one that told us
    office.xero.app.limits.violations.clear()

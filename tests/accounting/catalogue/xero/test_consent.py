"""Consents that are of no use, and refusals that are none of a consent."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from accounting import connecting
from accounting.providers import port
from accounting.providers.xero import faults
from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from tests.accounting.making import draft
from tests.accounting.providers.backends import REDIRECT, Xero

from .office import SEND

READ = (
    "offline_access accounting.invoices.read accounting.payments.read accounting.contacts.read "
    "accounting.settings.read"
)
LEAST = (
    "offline_access accounting.invoices accounting.payments.read accounting.contacts "
    "accounting.settings"
)


def scopes(settings, names: str) -> None:
    settings.XERO = {**settings.XERO, "scopes": names}


def begun(sims, connection, by):
    """What a browser brings back from Xero, and what it takes to finish."""
    sims.xero.register([REDIRECT], sims.xero.client_id)
    session = {"by": by, "session_key": "browser", "redirect_uri": REDIRECT}
    url = connecting.begin(connection, now=sims.clock.now(), **session)
    return Xero(sims).consent(url), {**session, "provider": "xero", "now": sims.clock.now()}


def test_a_consent_to_read_only_says_what_else_is_needed(office, settings):
    scopes(settings, READ)
    with pytest.raises(Refused) as refused:
        office.reconnect()
    for name in ("accounting.invoices", "accounting.contacts", "accounting.settings"):
        assert name in refused.value.message
    assert "payments" not in refused.value.message


def test_a_consent_that_can_not_be_renewed_says_so(office, settings):
    scopes(settings, LEAST.replace("offline_access ", ""))
    with pytest.raises(Refused, match="does not cover offline_access"):
        office.reconnect()


def test_the_broad_scope_of_older_apps_is_enough(office, settings):
    office.xero.switch(app_generation="broad")
    scopes(settings, "offline_access accounting.transactions accounting.contacts "
                     "accounting.settings")  # fmt: skip
    office.reconnect()
    office.export()


def test_the_least_that_is_asked_for_is_enough_for_everything(office, settings):
    scopes(settings, LEAST)
    office.reconnect()
    office.export()
    office.look()
    assert not office.fresh().is_lost


def test_a_refused_consent_leaves_nothing_open_and_ours_goes_on(office, settings):
    office.xero.add_organisation("nz")
    asked = settings.XERO["scopes"]
    scopes(settings, asked.replace("accounting.payments.read", ""))
    with pytest.raises(Refused, match=r"accounting\.payments"):
        office.reconnect()
    assert [each["tenant"] for each in office.xero.connections()] == [office.connection.company_id]
    scopes(settings, asked)
    office.export()


def test_a_refused_first_consent_is_given_back_as_a_whole(sims, transactional_db, owner, settings):
    sims.xero.add_organisation("nz")
    scopes(settings, LEAST.replace("accounting.contacts", ""))
    connection = draft(owner, provider="xero")
    back, session = begun(sims, connection, owner)
    with pytest.raises(Refused, match=r"accounting\.contacts"):
        connecting.finish(back, **session)
    assert sims.xero.connections() == []
    assert all(grant.revoked for grant in sims.xero.app.oauth.grants)


def test_a_consent_without_an_organisation_ends_no_other_one(office):
    """Somebody ticked a practice only, which keeps no books."""
    before = office.xero.connections()
    back, session = begun(office.sims, office.connection, office.owner)
    for code in office.xero.app.oauth.codes.values():
        code.tenants = []
    with pytest.raises(Refused, match="opened no "):
        connecting.finish(back, **session)
    assert [each["tenant"] for each in office.xero.connections()] == [
        each["tenant"] for each in before
    ]
    office.export()


def test_giving_back_an_undecided_consent_leaves_what_another_one_opened(office):
    """Revocation would end every organisation of the app."""
    second = office.xero.add_organisation("nz")
    given = office.xero.connect(tenants=[second])
    tokens = port.Tokens(given.access_token, given.refresh_token, office.now)
    connecting.registry.get("xero").revoke(tokens, company_id="")
    assert [each["tenant"] for each in office.xero.connections()] == [office.connection.company_id]
    office.export()


def test_whoever_chooses_an_organisation_is_told_that_the_others_stay_connected(
    sims, transactional_db, client_as
):
    browser = client_as("owner")
    sims.xero.add_organisation("nz")
    owner = User.objects.get()
    connection = draft(owner, provider="xero", held_by=owner)
    back, session = begun(sims, connection, owner)
    connecting.finish(back, **session)
    page = browser.get(reverse("accounting:setup-connect")).text
    assert "They stay connected in Xero" in page


# Refusals of a gateway ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"message": "Forbidden"}, "Forbidden"),
        ({"title": "Forbidden", "detail": "Blocked by policy"}, "Blocked by policy"),
    ],
)
def test_a_403_for_an_unknown_cause_parks_for_minutes_and_ends_nothing(office, said, shown):
    invoice = office.invoice()
    office.queue(invoice)
    office.xero.arm("server_error", status=403, body=json.dumps(said), on=SEND, times=1)
    office.work()
    connection = office.fresh()
    assert not connection.is_lost
    assert connection.held_until
    assert shown in connection.held_reason
    office.assert_waits(invoice)
    office.wait(rounds=2)
    office.assert_there_once(invoice)


@pytest.mark.parametrize("spelt", ["detail", "Detail"])
def test_a_403_of_an_organisation_that_is_closed_to_us_is_final(spelt):
    body = json.dumps({spelt: "AuthenticationUnsuccessful"}).encode()
    error = faults.of_status(403, body, {}, write=True)
    assert isinstance(error, port.Unauthorized)
    assert error.final


def test_a_scope_that_is_missing_for_reading_ends_nothing():
    body = json.dumps({"Detail": "AuthorizationUnsuccessful"}).encode()
    error = faults.of_status(401, body, {}, write=False)
    assert isinstance(error, port.Rejected)
    assert error.reason is port.Reason.NOT_ALLOWED

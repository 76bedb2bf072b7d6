"""How much may be asked: behaviour 53, and what a client sees of it."""

from __future__ import annotations

import time

import pytest
from xero_python.exceptions import RateLimitException

from . import sdk


@pytest.fixture
def strict(xero):
    xero.switch(limits="enforced")
    return xero


def test_b53_sixty_a_minute_for_each_organisation(sims, strict, api):
    codes = [api.get("Organisation").status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
    answer = api.get("Organisation")
    assert answer.headers["X-Rate-Limit-Problem"] == "minute"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["X-MinLimit-Remaining"] == "0"
    other = sdk.Api(strict, strict.add_organisation("au"))
    assert other.get("Organisation").status_code == 200
    sims.clock.move(seconds=61)
    assert api.get("Organisation").status_code == 200


@pytest.mark.parametrize(("tier", "daily"), [("starter", 1_000), ("core", 5_000)])
def test_b53_the_day_depends_on_the_tier(sims, strict, api, tier, daily):
    strict.switch(app_tier=tier)
    assert api.get("Organisation").headers["X-DayLimit-Remaining"] == str(daily - 1)
    strict.use_up_day(leave=1)
    assert api.get("Organisation").status_code == 200
    answer = api.get("Organisation")
    assert answer.headers["X-Rate-Limit-Problem"] == "day"
    assert (
        14 * 3600 < int(answer.headers["Retry-After"]) <= 14 * 3600 + 1860
    )  # from 9:30 to midnight


def test_b53_the_day_begins_when_a_switch_says(sims, strict, api):
    strict.switch(day_begins="first_call")
    strict.use_up_day()
    answer = api.get("Organisation")
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_401


def test_b53_all_organisations_together(strict, api):
    strict.switch(app_calls_per_minute=1)
    api.get("Organisation")
    assert api.get("Organisation").headers["X-Rate-Limit-Problem"] == "appminute"


def test_b53_five_at_once(strict, api):
    strict.switch(calls_at_once=2)
    strict.arm("slow_commit", seconds=0.5, times=2)
    put = {"Invoices": [sdk.invoice()]}

    def late():
        time.sleep(0.2)
        return api.get("Organisation")

    *_, third = sdk.together(
        lambda: api.call("PUT", "Invoices", put), lambda: api.call("PUT", "Invoices", put), late
    )
    assert third.status_code == 429
    assert third.headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in third.headers
    assert api.get("Organisation").status_code == 200


def test_b53_the_sdk_tells_which_limit(strict, client):
    strict.switch(calls_per_minute=1)
    client.accounting.get_organisations(client.tenant)
    with pytest.raises(RateLimitException) as refused:
        client.accounting.get_organisations(client.tenant)
    assert refused.value.rate_limit == "minute"
    assert len(strict.requests("read")) == 2  # the transport does not try again


def test_b53_violations_are_counted_where_they_are_let_through(xero, api):
    xero.switch(calls_per_minute=2)
    for _ in range(4):
        assert api.get("Organisation").status_code == 200
    assert xero.usage()["violations"] == {"minute": 2}
    assert xero.usage()["calls"][xero.tenant] == 4

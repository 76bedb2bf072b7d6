"""Files of many contracts: the verbs are tried on all rows at once; each bad row is still named."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from atera_invoicing import imports
from atera_invoicing.errors import Refused
from contracts.imports import Contracts
from contracts.models import Contract, ContractRate
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.at("2026-11-01")
HEAD = "customer,name,type,start_date,end_date,is_default,primary_rate,additional_rates\n"
GOOD = "Acme,Support {n},hourly,2026-01-01,,{default},Standard,After hours @ 150\n"


@pytest.fixture(autouse=True)
def catalog(db):
    make.customer("Acme")
    for name in ("Standard", "After hours"):
        make.item(name, "100")


def file(rows, *, default="no", **replaced):
    """A file of so many good rows; `replaced` says what stands on a line instead: line_7="..."."""
    lines = [GOOD.format(n=n, default=default) for n in range(rows)]
    for name, line in replaced.items():
        lines[int(name.removeprefix("line_")) - 2] = f"{line}\n"
    return (HEAD + "".join(lines)).encode()


def bring(content, by):
    plan = imports.plan(Contracts(), content)
    assert not plan.problems
    return imports.commit(Contracts(), content, fingerprint=plan.fingerprint, by=by, now=NOW)


def statements(act):
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def test_many_rows_take_as_many_queries_as_few(owner):
    few, many = (
        {
            "look": statements(lambda n=n: imports.plan(Contracts(), file(n))),
            "write": statements(lambda n=n: bring(file(n), owner)),
            "look again": statements(lambda n=n: imports.plan(Contracts(), dearer(n))),
            "change": statements(lambda n=n: bring(dearer(n), owner)),
        }
        for n in (20, 120)
    )
    # SQLite takes at most 999 values at a time, so a statement may become several.
    assert all(many[step] <= few[step] + 60 for step in few), (few, many)
    assert ContractRate.objects.filter(role="primary", unit_price=120).count() == 120


def dearer(rows):
    return (
        file(rows).replace(b"no,Standard", b"no,Standard @ 120").replace(b"01,,", b"01,2028-12-31,")
    )


def test_every_bad_row_among_many_is_named_whoever_refuses_it(owner):
    content = file(
        60,
        line_9="Acme,A,hourly,2026-01-01,2025-01-01,no,Standard,",
        line_10="Acme,B,retainer,2026-01-01,,no,Standard,",
        line_40="Acme,C,block_hours,2026-01-01,,no,,",
        line_61="Acme,D,hourly,2026-01-01,,no,,",
    )
    plan = imports.plan(Contracts(), content)
    assert [problem.line for problem in plan.problems] == [9, 10, 40, 61]
    assert "before the start" in plan.problems[0].message
    assert "has no primary rate" in plan.problems[1].message
    assert "how many hours" in plan.problems[2].message
    assert "Add the primary rate" in plan.problems[3].message
    assert (len(plan.steps), plan.bad_rows) == (56, 4)


def test_a_dry_run_leaves_no_trace(owner):
    old = make.hourly(customer=make.customer("Beta"), name="Old", is_default=True)
    change = f"Beta,Old,hourly,{old.start_date},2026-12-31,yes,Standard,"
    imports.plan(
        Contracts(), file(5, line_3=change, line_4="Beta,New,hourly,2026-01-01,,yes,Standard,")
    )
    old.refresh_from_db()
    assert (old.is_default, old.end_date) == (True, None)
    assert Contract.objects.count() == Contract.history.count() == 1
    assert ContractRate.history.count() == 1


def test_the_last_default_of_a_customer_stays(owner):
    old = make.hourly(customer=make.customer("Beta"), is_default=True)
    rows = [
        "Beta,New,hourly,2026-01-01,,yes,Standard,",
        "Beta,Newer,hourly,2026-01-01,,yes,Standard,",
    ]
    bring((HEAD + "\n".join(rows)).encode(), owner)
    defaults = Contract.objects.filter(customer=old.customer, is_default=True)
    assert [contract.name for contract in defaults] == ["Newer"]
    assert old.history.latest().is_default is False
    rows.reverse()
    bring((HEAD + "\n".join(rows)).encode(), owner)
    assert [contract.name for contract in defaults.all()] == ["New"]


def test_who_imported_is_in_the_history_of_every_row(owner):
    bring(file(30), owner)
    bring(dearer(30), owner)
    for model in (Contract, ContractRate):
        assert set(model.history.values_list("history_user", flat=True)) == {owner.pk}
    assert Contract.history.filter(history_type="~").count() == 30
    assert ContractRate.history.filter(history_type="~").count() == 30  # the additional one stays


def test_a_contract_billed_after_the_dry_run_keeps_its_schedule(owner):
    bring(file(3), owner)
    content = file(3).replace(b"2026-01-01", b"2026-02-01")
    plan = imports.plan(Contracts(), content)
    make.claim(make.entry(make.ticket(Contract.objects.get(name="Support 1"))), "INV-1")
    with pytest.raises(Refused) as refused:
        imports.commit(Contracts(), content, fingerprint=plan.fingerprint, by=owner, now=NOW)
    assert refused.value.code == "plan_changed"
    assert set(Contract.objects.values_list("start_date", flat=True)) == {make.day("2026-01-01")}


def test_a_billed_row_among_changed_ones_is_named(owner):
    bring(file(8), owner)
    make.claim(make.entry(make.ticket(Contract.objects.get(name="Support 5"))), "INV-1")
    plan = imports.plan(Contracts(), file(8).replace(b"2026-01-01", b"2026-02-01"))
    assert [(problem.line, problem.column) for problem in plan.problems] == [(7, "")]
    assert "INV-1" in plan.problems[0].message

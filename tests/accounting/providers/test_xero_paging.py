"""Changes at Xero that are more than one answer holds, while people there go on working."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounting.providers import port
from accounting.providers.port import Cost, Operation
from accounting.providers.xero import following

from .backends import Xero


@pytest.fixture(scope="module")
def running():
    with Xero.running() as backend:
        yield backend


@pytest.fixture
def cursor(backend, session, monkeypatch) -> str:
    monkeypatch.setattr(following, "PAGE", 5)
    return backend.provider.changes(session, "", at=timezone.now()).cursor


def export(backend, count: int = 1) -> list[str]:
    session = backend.session()
    documents = [backend.document() for _ in range(count)]
    call = backend.provider.freeze(Operation.CREATE, documents, key="k", facts=session.facts)
    backend.sim.forget_keys()
    return [outcome.receipt.id for outcome in backend.provider.send(session, call)]


def look(backend, cursor: str, spend=port.unlimited) -> port.Changes:
    session = backend.session()
    watched = port.Session(session.company_id, session.access, session.facts, spend)
    return backend.provider.changes(watched, cursor, at=timezone.now())


def test_what_somebody_touches_between_two_answers_hides_no_other(backend, sim, cursor):
    made = []
    for _ in range(12):
        backend.sims.clock.move(minutes=1)
        made += export(backend)
    backend.sims.clock.move(minutes=10)
    asked: list[Cost] = []

    def spend(cost: Cost) -> None:
        asked.append(cost)
        if len(asked) == 2:
            sim.as_person.edit_line(made[0], description="touched")

    found = look(backend, cursor, spend)
    assert {status.id for status in found.statuses} == set(made)
    assert found.complete


@pytest.mark.parametrize("count", [5, 9, 10, 21])
def test_more_than_an_answer_holds_within_one_second_is_all_read(backend, cursor, count):
    backend.sims.clock.move(minutes=1)
    before = export(backend)
    backend.sims.clock.move(minutes=1)
    made = export(backend, count)
    backend.sims.clock.move(minutes=10)
    after = export(backend)
    seen: set[str] = set()
    while True:
        found = look(backend, cursor)
        seen |= {status.id for status in found.statuses}
        if found.complete:
            break
        assert found.cursor > cursor
        cursor = found.cursor
    assert seen == {*before, *made, *after}

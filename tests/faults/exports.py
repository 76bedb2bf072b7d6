"""Exports under fire: a worker that is killed at any moment and a provider that misbehaves, both by
a seed, and then the question whether every invoice is there exactly once.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import urllib3
from django.db import connection as database
from django.db import connections

import simulators
from accounting import answers, delivery, outbox, remotes, unknown
from accounting.models import Connection, Export, RemoteInvoice
from invoices.models import Invoice
from tests.accounting import books

from .there import LATE, QuickBooks

# Crash points, named as between the phases of an export: what is passed when the worker dies, and
# whether it dies before that or after. Whose it is: a module, or (None) the provider at the end.
POINTS: dict[str, tuple[Any, str, bool]] = {
    "K1": (delivery, "_take", True),  # queued, and nobody is at it
    "K2": (delivery, "_take", False),  # a sender has the lease
    "K3": (delivery, "_write_down", False),  # the call is written down, and nothing was sent
    "K4": (None, "send", True),  # it is about to leave, in its own thread
    "K5": (None, "send", False),  # the answer is here, and nobody wrote it down
    "K6": (remotes, "store", False),  # the answer is being written down
    "K7": (answers, "write", False),  # it is written down
    "K8": (unknown, "settle_one", True),  # everything is sent, and the lease is still held
}
ROUNDS = 4  # with faults
QUIET_ROUNDS = 12  # without, until everything must be settled
Deliver = Callable[[int, Any], object]


@dataclass
class Story:
    """What one seed does. Printed when it fails, so that it can be told again."""

    seed: int
    database: str
    kills: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    died: int = 0

    def __str__(self) -> str:
        return f"seed {self.seed} on {self.database}: kills {self.kills}, faults {self.faults}"


def run(
    seed: int,
    there: QuickBooks,
    invoices: Sequence[Invoice],
    *,
    deliver: Deliver = lambda pk, now: delivery.work(pk, now=now),
    numbering: str = "",
    crash_at: str = "",
) -> Story:
    """Export these invoices to a fresh company under the faults of a seed; AssertionError with the
    story if any of them is not there exactly once in the end. `crash_at` names the point where the
    worker dies in each round instead of anywhere.
    """
    dice = random.Random(seed)
    story = Story(seed, database.vendor)
    sims = there.sims
    connection = _fresh(there, invoices, dice, numbering)
    outbox.queue(connection, [i.pk for i in invoices], by=None, now=sims.clock.now())
    deliver = _in_calls_of(dice.choice([2, there.batch]), there, deliver)
    under_fire = _dying(crash_at, there, deliver) if crash_at else deliver
    late = False
    for _ in range(ROUNDS):
        late = _arm(there, dice, story) or late
        statement = dice.randint(1, 90) if dice.random() < 0.7 and not crash_at else 0
        if statement:
            story.kills.append(statement)
        act = _impatient(there, under_fire) if late else under_fire
        story.died += work_and_die(connection.pk, sims.clock.now(), statement, act)
        _pass_time(sims, dice.choice([1, 20, 60, 130, 260]), late=late)
        if dice.random() < 0.15:
            there.forget_keys()
    there.sim.disarm()
    for _ in range(QUIET_ROUNDS):
        _pass_time(sims, 300, late=late)
        work_and_die(connection.pk, sims.clock.now(), 0, deliver)
        if not connection.exports.exclude(state=Export.State.SENT).exists():
            break
    check(connection, there, invoices, story)
    return story


def _pass_time(sims: simulators.Simulators, seconds: int, *, late: bool) -> None:
    """Move the clock; step by step where something is late, so that it comes at its time and not
    whenever the clock jumps: a provider is done with a request after two minutes at most.
    """
    step = 5 if late else seconds
    for passed in range(0, seconds, step):
        sims.clock.move(seconds=min(step, seconds - passed))
        if late:
            time.sleep(0.01)


def check(
    connection: Connection,
    there: QuickBooks,
    invoices: Sequence[Invoice],
    story: Story,
) -> None:
    """One document there for each invoice, one link to it, the same totals, nothing stuck."""
    found = Counter({i.pk: len(there.of(i)) for i in invoices})
    assert set(found.values()) == {1}, f"{story}: {dict(found)}"
    states = set(connection.exports.values_list("state", flat=True))
    assert states == {"sent"}, f"{story}: {states}"
    for invoice in invoices:
        ((id, total),) = there.of(invoice)
        remote = RemoteInvoice.objects.get(connection=connection, invoice=invoice)
        assert remote.remote_id == id, str(story)
        assert str(remote.total) == total, str(story)
    for names in there.names():
        assert max(names.values()) == 1, f"{story}: {names.most_common(1)}"
    assert not connection.links.filter(remote_id="").exists(), str(story)


def work_and_die(pk: int, now: Any, event: int, deliver: Deliver) -> bool:
    """Deliver in a process that `kill -9`s itself before its n-th database statement or its n-th
    word with the provider, whichever comes first; 0 lets it live. True if it died.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            with _mortal(event):
                deliver(pk, now)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the worker crashed"
    return os.WIFSIGNALED(status)


def _in_calls_of(documents: int, there: QuickBooks, deliver: Deliver) -> Deliver:
    """Deliver with so many documents in a call: with few, the next call is made ready while one is
    under way.
    """

    def run(pk: int, now: Any) -> None:
        there.limit(documents)
        deliver(pk, now)

    return run


def _impatient(there: QuickBooks, deliver: Deliver) -> Deliver:
    """Deliver with little patience: clocks stand still while a worker waits, so what is late comes
    only when it has given up.
    """

    def run(pk: int, now: Any) -> None:
        there.hurry()
        deliver(pk, now)

    return run


def _dying(point: str, there: QuickBooks, deliver: Deliver) -> Deliver:
    """Deliver in a process that `kill -9`s itself at this point."""
    owner, name, before = POINTS[point]
    owner = owner or there.provider

    def die(*args: Any, **named: Any) -> Any:
        if not before:
            original(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    def run(pk: int, now: Any) -> None:
        setattr(owner, name, die)
        deliver(pk, now)

    original = getattr(owner, name)
    return run


@contextmanager
def _mortal(event: int) -> Any:
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1
        if seen == event:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        count()
        return execute(sql, params, many, context)

    send, answer = urllib3.connection.HTTPConnection.request, None
    answer = urllib3.connection.HTTPConnection.getresponse

    def request(self: Any, *args: Any, **named: Any) -> Any:
        count()
        return send(self, *args, **named)

    def getresponse(self: Any, *args: Any, **named: Any) -> Any:
        result = answer(self, *args, **named)
        count()
        return result

    urllib3.connection.HTTPConnection.request = request
    urllib3.connection.HTTPConnection.getresponse = getresponse
    with database.execute_wrapper(statement):
        yield


def _fresh(
    there: QuickBooks,
    invoices: Sequence[Invoice],
    dice: random.Random,
    numbering: str,
) -> Connection:
    """A new company and a new connection to it, whose records the first delivery creates there."""
    Connection.objects.filter(state=Connection.State.ACTIVE).update(
        state=Connection.State.CLOSED, sealed=""
    )
    Export.objects.filter(state__in=Export.OPEN).update(state=Export.State.CANCELLED, run_at=None)
    Invoice.objects.update(export_queued_at=None, exported_at=None)
    there.sims.reset()
    there.moody(dice)
    connection = there.connect()
    theirs = dice.random() < 0.3
    connection.numbering = numbering or ("theirs" if theirs else "ours")
    connection.save()
    for customer in {i.customer_id: i.customer for i in invoices}.values():
        books.link(connection, customer)
    items = {line.item_id: line.item for i in invoices for line in i.lines.all()}
    for item in items.values():
        books.link(connection, item)
    return connection


def _arm(there: QuickBooks, dice: random.Random, story: Story) -> bool:
    """Let some faults strike; whether an answer may come late among them."""
    there.sim.disarm()
    late = False
    for _ in range(dice.randint(0, 3)):
        name = dice.choice(there.faults)
        on = dice.choice(["write", "write", "write", "read", "any"])
        skip = dice.randint(0, 3)
        options = {"seconds": dice.choice([10, 100])} if name in LATE else {}
        there.arm(name, on=on, times=1, skip=skip, **options)
        story.faults.append(f"{name} on {on} after {skip}")
        late = late or name in LATE
    return late

"""Findings come and go: what differs at the other end is named for as long as it is so.

Nothing of ours changes because of it; what a person decides about it is in findings.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from invoices import events

from .models import Finding, RemoteInvoice
from .providers import registry

Kind, Answer = Finding.Kind, Finding.Answer
Differences = Sequence[dict[str, str]]
ALONE = (Kind.VOIDED, Kind.DELETED)  # these say everything without a list of differences


def report(remote: RemoteInvoice, kind: str, differences: Differences, *, now: dt.datetime) -> None:
    """Open, renew or close the finding of a kind. What somebody ignored stays ignored until it
    differs in another way, and what ours is on its way to replace is not told again.
    """
    mine = Finding.objects.filter(connection=remote.connection, invoice=remote.invoice, kind=kind)
    if not differences and kind not in ALONE:
        gone(remote, kind, now=now)
        return
    rows = list(differences)
    if mine.filter(answered_at__isnull=True).update(differences=rows, version=remote.version):
        return
    last = mine.first()
    if last and last.differences == rows and _settled(last, remote):
        return
    if last and kind in ALONE and last.answer in (Answer.ACCEPTED, Answer.IGNORED):
        return
    Finding.objects.create(
        connection=remote.connection, invoice=remote.invoice, kind=kind, differences=rows,
        version=remote.version, found_at=now,
    )  # fmt: skip
    where = registry.name(remote.connection.provider)
    text = f"{Kind(kind).label} ({where})."
    events.log(remote.invoice, "found_there", text, by=None, at=now, kind=str(kind))


def _settled(last: Finding, remote: RemoteInvoice) -> bool:
    if last.kind == Kind.SETTLED and last.answer == Answer.ACCEPTED:
        return True
    on_its_way = last.answer == Answer.PUSHED and remote.invoice.export_queued_at is not None
    return last.answer == Answer.IGNORED or on_its_way


def is_known(remote: RemoteInvoice, drift: Differences) -> bool:
    """Whether somebody has seen exactly these changes, and does not want them here."""
    last = Finding.objects.filter(
        connection=remote.connection, invoice=remote.invoice, kind=Kind.DRIFT
    ).first()
    decided = (Answer.PUSHED, Answer.IGNORED)
    return last is not None and last.answer in decided and last.differences == list(drift)


def gone(remote: RemoteInvoice, *kinds: str, now: dt.datetime) -> None:
    """It is no longer so."""
    Finding.objects.filter(
        connection=remote.connection, invoice=remote.invoice, kind__in=kinds,
        answered_at__isnull=True,
    ).update(answer=Answer.GONE, answered_at=now)  # fmt: skip


def report_problem(
    remote: RemoteInvoice, kind: str, sentences: Sequence[str], *, now: dt.datetime
) -> None:
    """The same for what is told in sentences, as there are no two values to compare."""
    rows = [{"field": "problem", "ours": sentence, "theirs": ""} for sentence in sentences]
    report(remote, kind, rows, now=now)

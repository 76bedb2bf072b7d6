"""Findings come and go: what differs at the other end is named for as long as it is so.

Nothing of ours changes because of it; what a person decides about it is in findings.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import QuerySet

from invoices import events

from . import connected
from .models import Finding, RemoteInvoice

Kind, Answer = Finding.Kind, Finding.Answer
Differences = Sequence[dict[str, str]]
ALONE = (Kind.VOIDED, Kind.DELETED)  # these say everything without a list of differences


def report(remote: RemoteInvoice, kind: str, differences: Differences, *, now: dt.datetime) -> None:
    """Open, renew or close the finding of a kind. What somebody ignored stays ignored until it
    differs in another way, and what ours is on its way to replace is not told again.
    """
    mine = _of(remote, kind)
    if not differences and kind not in ALONE:
        gone(remote, kind, now=now)
        return
    rows = list(differences)
    if mine.filter(answered_at__isnull=True).update(differences=rows, version=remote.version):
        return
    newest = mine.first()
    if newest and newest.differences == rows and _settled(newest, remote):
        return
    if newest and kind in ALONE and newest.answer in (Answer.ACCEPTED, Answer.IGNORED):
        return
    Finding.objects.create(
        connection=remote.connection, invoice=remote.invoice, kind=kind, differences=rows,
        version=remote.version, found_at=now,
    )  # fmt: skip
    where = connected.where(remote.connection)
    text = f"{Kind(kind).label} ({where})."
    events.log(remote.invoice, "found_there", text, by=None, at=now, kind=str(kind))


def _settled(last: Finding, remote: RemoteInvoice) -> bool:
    if last.kind == Kind.SETTLED and last.answer == Answer.ACCEPTED:
        return True
    on_its_way = last.answer == Answer.PUSHED and remote.invoice.export_queued_at is not None
    return last.answer == Answer.IGNORED or on_its_way


def is_known(remote: RemoteInvoice, drift: Differences) -> bool:
    """Whether somebody has seen exactly these changes, and does not want them here."""
    newest = last(remote, Kind.DRIFT)
    decided = (Answer.PUSHED, Answer.IGNORED)
    return newest is not None and newest.answer in decided and newest.differences == list(drift)


def last(remote: RemoteInvoice, kind: str) -> Finding | None:
    """The newest finding of a kind, whatever became of it."""
    return _of(remote, kind).first()


def _of(remote: RemoteInvoice, *kinds: str) -> QuerySet[Finding]:
    return Finding.objects.filter(
        connection=remote.connection_id, invoice=remote.invoice_id, kind__in=kinds
    )


def gone(remote: RemoteInvoice, *kinds: str, now: dt.datetime) -> None:
    """It is no longer so."""
    _of(remote, *kinds).filter(answered_at__isnull=True).update(answer=Answer.GONE, answered_at=now)


def report_problem(
    remote: RemoteInvoice, kind: str, sentences: Sequence[str], *, now: dt.datetime
) -> None:
    """The same for what is told in sentences, as there are no two values to compare."""
    rows = [{"field": "problem", "ours": sentence, "theirs": ""} for sentence in sentences]
    report(remote, kind, rows, now=now)

"""What differs at the other end, and what a person decides about it. Nothing changes by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from invoices import events, lifecycle

from . import amendments, outbox
from .models import Export, Finding, RemoteInvoice
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
    if last and kind in ALONE and last.answer != Answer.GONE:
        return
    Finding.objects.create(
        connection=remote.connection, invoice=remote.invoice, kind=kind, differences=rows,
        version=remote.version, found_at=now,
    )  # fmt: skip
    where = registry.name(remote.connection.provider)
    text = f"{Kind(kind).label} ({where})."
    events.log(remote.invoice, "found_there", text, by=None, at=now, kind=str(kind))


def _settled(last: Finding, remote: RemoteInvoice) -> bool:
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


@transaction.atomic
def accept(finding: Finding, *, by: User | None, now: dt.datetime) -> Finding:
    """Take it as it is there. A changed invoice has a new baseline, ours stays what was issued; one
    that was voided or deleted there is voided here, which frees its work.
    """
    finding = _open(finding)
    remote = _remote(finding)
    if finding.kind in ALONE:
        where = registry.name(finding.connection.provider)
        reason = f"{finding.get_kind_display()}: {where}"
        lifecycle.void(finding.invoice, reason=reason, by=by, now=now)
    else:
        remote.baseline = remote.content
        remote.save(update_fields=["baseline"])
    return _close(finding, Answer.ACCEPTED, by, now)


@transaction.atomic
def push(finding: Finding, *, by: User | None, now: dt.datetime, plan_hash: str = "") -> Export:
    """Write ours over what is there; refused when it is paid there. What was deleted there is sent
    as a new document. With the hash of a plan, refused when that plan no longer holds.
    """
    finding = _open(finding)
    if finding.kind == Kind.VOIDED:
        raise Refused(
            "voided_there", "A voided invoice can't be revived. Void it here and issue a new one."
        )
    if finding.kind == Kind.DELETED:
        export = outbox.queue_anew(
            finding.connection, _remote(finding), by=by, now=now, plan_hash=plan_hash
        )
    else:
        export = amendments.queue_change(
            finding.connection,
            _remote(finding),
            operation=Export.Operation.UPDATE,
            by=by,
            now=now,
            plan_hash=plan_hash,
        )
    _close(finding, Answer.PUSHED, by, now)
    return export


@transaction.atomic
def ignore(finding: Finding, *, by: User | None, now: dt.datetime) -> Finding:
    """Leave it as it is and say no more of it, until it differs in another way."""
    return _close(_open(finding), Answer.IGNORED, by, now)


def _open(finding: Finding) -> Finding:
    rows = Finding.objects.select_for_update(of=("self",)).select_related("connection", "invoice")
    finding = rows.get(pk=finding.pk)
    if finding.answered_at:
        raise Refused("answered", "Somebody decided this already. Look again.")
    return finding


def _close(finding: Finding, answer: str, by: User | None, now: dt.datetime) -> Finding:
    finding.answer, finding.answered_at, finding.answered_by = answer, now, by
    finding.save()
    text = f"{finding.get_kind_display()}: {finding.get_answer_display().lower()}."
    events.log(finding.invoice, "finding_answered", text, by=by, at=now, kind=finding.kind)
    return finding


def _remote(finding: Finding) -> RemoteInvoice:
    return RemoteInvoice.objects.select_related("invoice", "connection").get(
        connection=finding.connection, invoice=finding.invoice
    )

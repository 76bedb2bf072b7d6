"""What a person decides about what differs at the other end."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from atera_invoicing.errors import Refused
from atera_invoicing.models import User
from invoices import events, lifecycle

from . import amendments, connected, money_there, outbox, remotes
from .models import Export, Finding, RemoteInvoice
from .noticing import ALONE

Kind, Answer = Finding.Kind, Finding.Answer
VOIDS = (*ALONE, Kind.MISSING)  # accepted by voiding ours
ACCEPTABLE = (Kind.TOTAL, Kind.DRIFT, Kind.SETTLED, *VOIDS)
OURS_COUNTS = (Kind.TOTAL, Kind.DRIFT, Kind.DELETED)  # ours can be sent again


@transaction.atomic
def accept(finding: Finding, *, by: User | None, now: dt.datetime) -> Finding:
    """Take it as it is there. A changed invoice has a new baseline, ours stays what was issued; a
    total that is less there settles ours once it is paid there; one that was voided or deleted
    there, or is no longer known, is voided here, which frees its work.
    """
    finding = _open(finding)
    if finding.kind not in ACCEPTABLE:
        raise Refused("nothing_to_accept", "There is nothing to accept here. It says what to do.")
    remote = _remote(finding)
    if finding.kind in VOIDS:
        where = connected.where(finding.connection)
        reason = f"{finding.get_kind_display()}: {where}"
        lifecycle.void(finding.invoice, reason=reason, by=by, now=now)
    elif finding.kind != Kind.SETTLED:
        remote.baseline = remote.content
        remote.save(update_fields=["baseline"])
    closed = _close(finding, Answer.ACCEPTED, by, now)
    if finding.kind == Kind.TOTAL and not finding.invoice.voided_at:
        money_there.follow(remote, now=now)
    return closed


def can_push(finding: Finding, remote: RemoteInvoice | None) -> bool:
    """Whether ours can be sent again: not over what is paid there, nor where the number of what was
    deleted stays taken.
    """
    if finding.kind not in OURS_COUNTS or remote is None:
        return False
    if finding.kind == Kind.DELETED:
        return not remotes.why_not_anew(remote)
    return remote.status == RemoteInvoice.Status.OPEN


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
    if finding.kind not in OURS_COUNTS:
        raise Refused("nothing_to_send", "Sending ours again changes nothing about this.")
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
    connected.refuse_unless_active(finding.connection)
    return finding


def _close(finding: Finding, answer: str, by: User | None, now: dt.datetime) -> Finding:
    finding.answer, finding.answered_at, finding.answered_by = answer, now, by
    finding.save()
    text = f"{finding.get_kind_display()}: {finding.get_answer_display().lower()}."
    events.log(finding.invoice, "finding_answered", text, by=by, at=now, kind=finding.kind)
    return finding


def _remote(finding: Finding) -> RemoteInvoice:
    rows = RemoteInvoice.objects.select_for_update(of=("self",))
    rows = rows.select_related("invoice", "connection", "remainder")
    remote = rows.filter(connection=finding.connection, invoice=finding.invoice).first()
    if remote is None:
        raise Refused("not_there", f"{finding.invoice} is no longer known there. Ignore this.")
    return remote

"""`manage.py disconnect_accounting`: what disconnecting will do; with --yes it is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounting import connected, restoring
from atera_invoicing.errors import Refused
from atera_invoicing.models import User


class Command(BaseCommand):
    help = (
        "Lists everything that disconnecting the accounting system does. With --yes it is done, in "
        "the name of the person who is named by --by."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do it")
        parser.add_argument("--by", metavar="EMAIL", default="", help="who has decided it")

    def handle(self, *args: Any, yes: bool, by: str, **options: Any) -> None:
        try:
            connection = connected.active()
            plan = restoring.plan(connection, now=timezone.now())
            for line in lines(plan):
                self.stdout.write(line)
            if not yes:
                self.stdout.write("Nothing was done. Say --yes --by EMAIL to do it.")
                return
            told = restoring.disconnect(
                connection, by=_person(by), now=timezone.now(), digest=plan.digest
            )
        except Refused as refused:
            raise CommandError(refused.message) from None
        name = connected.where(connection)
        self.stdout.write(f"{name} is disconnected.")
        if not told:
            self.stdout.write(f"{name} could not be told: remove the app there, too.")


def lines(plan: restoring.Plan) -> Iterator[str]:
    """The list of the Disconnect page, as text."""
    name = connected.where(plan.connection)
    listed = list(plan.restoration.changes())
    if plan.under_way:
        yield f"! {plan.under_way} invoices are on their way. Until they are there, it is refused."
    yield "Catalogue and taxes are kept here again."
    yield f"{len(listed)} values return to what they were before connecting."
    yield from (f"  {change}" for change in listed)
    for rows, words in (
        (plan.restoration.revived, "records come back."),
        (plan.restoration.removed, "imported records that nothing uses go."),
        (plan.restoration.copies, "records made while connected stay as yours."),
    ):
        yield f"{len(rows)} {words}"
        yield from (f"  {row}" for row in rows)
    yield f"{plan.cancelled} waiting exports are cancelled; their invoices stay issued."
    if plan.left:
        yield f"{plan.left} exports were never answered. They may be in {name}, and are looked for"
        yield "  when the same company is connected again."
    yield f"{plan.invoices} invoices stay in {name} and here, with links and history."
    yield f"Our access to {plan.connection} ends, here and there."


def _person(email: str) -> User:
    person = User.objects.filter(email__iexact=email, is_active=True).first() if email else None
    if person is None:
        raise CommandError("Say --by EMAIL: the address of whoever has decided this.")
    if not person.has_perm("accounting.change_connection"):
        raise CommandError(f"{person} may not disconnect.")
    return person

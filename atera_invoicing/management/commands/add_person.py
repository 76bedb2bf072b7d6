"""`manage.py add_person EMAIL --role owner`: the first owner, or anybody else."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from atera_invoicing import people
from atera_invoicing.models import User
from atera_invoicing.roles import Role


class Command(BaseCommand):
    help = (
        "Add a person. The password is asked for, or read from standard input. With --link none is "
        "set and the path is printed where the person chooses one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", choices=Role.values, default=Role.OWNER)
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument("--link", action="store_true", help="let the person set the password")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User(
            email=options["email"],
            role=options["role"],
            first_name=options["first_name"],
            last_name=options["last_name"],
        )
        try:
            password = "" if options["link"] else _password(person)
            people.add(person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["link"]:
            self.stdout.write(people.link(person))
            return
        person.set_password(password)
        person.save(update_fields=["password"])
        self.stdout.write(f"{person.email} can log in as {person.get_role_display()}.")


def _password(person: User) -> str:
    """From the keyboard, unseen, or a line of standard input; it must pass the validators."""
    asked = sys.stdin.isatty()
    password = getpass.getpass() if asked else sys.stdin.readline().rstrip("\r\n")
    validate_password(password, person)
    return password

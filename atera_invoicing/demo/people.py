"""Who works at Northwind IT: one log-in per role, and more technicians who write down time."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.hashers import make_password

from atera_invoicing.models import User
from atera_invoicing.roles import Role


class Login(NamedTuple):
    email: str
    first_name: str
    last_name: str
    role: Role


LOGINS = (
    Login("owner@demo.example", "Maya", "Lindqvist", Role.OWNER),
    Login("billing@demo.example", "Tomás", "Herrera", Role.BILLING),
    Login("technician@demo.example", "Priya", "Raman", Role.TECHNICIAN),
    Login("bookkeeper@demo.example", "Walter", "Okafor", Role.BOOKKEEPER),
    Login("readonly@demo.example", "June", "Castellano", Role.READ_ONLY),
)
COLLEAGUES = (
    Login("ben.achterberg@demo.example", "Ben", "Achterberg", Role.TECHNICIAN),
    Login("sofia.marchetti@demo.example", "Sofia", "Marchetti", Role.TECHNICIAN),
    Login("kofi.mensah@demo.example", "Kofi", "Mensah", Role.TECHNICIAN),
    Login("ana.duarte@demo.example", "Ana", "Duarte", Role.TECHNICIAN),
)


class People(NamedTuple):
    """Those whom the other parts of the demo need."""

    owner: User
    billing: User
    technicians: list[User]


def write(*, password: str) -> People:
    """Everybody, with the same password."""
    hashed = make_password(password)
    users = [User(**login._asdict(), password=hashed) for login in (*LOGINS, *COLLEAGUES)]
    User.objects.bulk_create(users)
    return People(users[0], users[1], [user for user in users if user.role == Role.TECHNICIAN])

"""What a file of customers or contacts would do. A customer is known by reference, else by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from atera_invoicing import cells
from atera_invoicing.imports import BadRow, Column, Import, Record, Step, assign, save
from atera_invoicing.models import User

from .models import Contact, Customer


class CustomerIndex:
    """All customers, found by what people write in a cell."""

    def __init__(self) -> None:
        self.by_reference: dict[str, Customer] = {}
        self.by_name: dict[str, Customer] = {}
        for customer in Customer.objects.all():
            self.add(customer)

    def add(self, customer: Customer) -> None:
        self.by_name[customer.name.lower()] = customer
        if customer.reference:
            self.by_reference[customer.reference] = customer

    def get(self, text: str) -> Customer | None:
        """The customer with this name, else with this reference."""
        return self.by_name.get(text.lower()) or self.by_reference.get(text)

    def find(self, text: str, *, column: str = "customer") -> Customer:
        """As `get`; BadRow when there is none, or it is archived."""
        customer = self.get(text)
        if customer is None:
            raise BadRow((column, f"There is no customer with the name or reference “{text}”."))
        refuse_archived(customer, column)
        return customer

    def ids(self, texts: Iterable[str]) -> set[int]:
        """The ids of the customers that these cells name."""
        return {customer.pk for text in texts if (customer := self.get(text))}


def refuse_archived(customer: Customer, column: str) -> None:
    if customer.archived_at:
        raise BadRow((column, f"The customer “{customer}” is archived. Restore it first."))


class Customers(Import):
    kind = "customers"
    title = "Customers"
    noun = "customer"
    about = "A row is recognised by its reference, or by its name when it has none."
    columns = (
        Column("name", "The company's name.", required=True, example="Acme Ltd"),
        Column("reference", "Your own customer number.", example="C-1001"),
        Column("street", "Street and number.", example="12 High Street"),
        Column("street2", "A second row of the address.", aliases=("street 2", "address 2")),
        Column("city", "Town.", example="Bristol"),
        Column("region", "State or region.", aliases=("state",)),
        Column("postal_code", "Postal code.", example="BS1 4DJ", aliases=("zip", "postcode")),
        Column("country", "Country.", example="United Kingdom"),
        Column("phone", "Telephone number.", example="0117 496 0000"),
        Column("tax_number", "VAT, GST or other tax number.", aliases=("vat number",)),
        Column(
            "payment_days",
            "Days to pay; empty: as for everybody.",
            cells.optional(cells.integer),
            example="30",
            aliases=("days to pay",),
        ),
        Column("notes", "Internal notes, never printed.", aliases=("internal notes",)),
    )

    def look_up(self, records: Sequence[Record]) -> CustomerIndex:
        return CustomerIndex()

    def plan(self, record: Record, known: CustomerIndex) -> Step:
        customer = self._target(record.values, known)
        named = known.by_name.get(record.values["name"].lower())
        if named not in (None, customer):
            raise BadRow(("name", f"Another customer is called “{named}”."))
        refuse_archived(customer, "name")
        step = assign(record, customer, record.values)
        known.add(customer)
        return step

    def write(self, steps: Sequence[Step], *, by: User, now: dt.datetime) -> None:
        save(Customer, steps, by=by)

    def _target(self, values: dict[str, Any], known: CustomerIndex) -> Customer:
        """The customer that a row is about: a known one, or a new one."""
        reference = values.get("reference", "")
        if reference in known.by_reference:
            return known.by_reference[reference]
        named = known.by_name.get(values["name"].lower())
        if named and reference and named.reference:
            raise BadRow(("reference", f"“{named}” already has the reference “{named.reference}”."))
        return named or Customer()


class Contacts(Import):
    kind = "contacts"
    title = "Contacts"
    noun = "contact"
    about = "A row is recognised by its customer and e-mail address."
    columns = (
        Column("customer", "The customer's name or reference.", required=True, example="Acme Ltd"),
        Column(
            "email",
            "The person's address; invoices may go there.",
            cells.email,
            required=True,
            example="ana.ruiz@acme.example",
            aliases=("e-mail", "e-mail address", "email address"),
        ),
        Column("first_name", "First name.", required=True, example="Ana"),
        Column("last_name", "Last name.", example="Ruiz", aliases=("surname",)),
        Column("phone", "Telephone number."),
        Column("job_title", "Position in the company.", example="Office manager"),
        Column(
            "is_main",
            "yes for a main contact.",
            cells.default(cells.boolean, False),
            example="yes",
            aliases=("main", "main contact"),
        ),
        Column(
            "is_billing",
            "yes for the billing contact.",
            cells.default(cells.boolean, False),
            example="no",
            aliases=("billing", "billing contact"),
        ),
    )

    def look_up(self, records: Sequence[Record]) -> ContactIndex:
        return ContactIndex(record.values["customer"] for record in records)

    def plan(self, record: Record, known: ContactIndex) -> Step:
        values = {**record.values, "customer": known.customers.find(record.values["customer"])}
        contact = known.find(values["customer"], values["email"]) or Contact()
        if contact.archived_at:
            raise BadRow(("email", f"The contact “{contact}” is archived. Restore it first."))
        step = assign(record, contact, values)
        known.add(contact)
        return step

    def write(self, steps: Sequence[Step], *, by: User, now: dt.datetime) -> None:
        save(Contact, steps, by=by)


class ContactIndex:
    """The contacts of the customers that a file names, found by customer and address."""

    def __init__(self, customers: Iterable[str]) -> None:
        self.customers = CustomerIndex()
        self._contacts: dict[tuple[int, str], list[Contact]] = {}
        ids = self.customers.ids(customers)
        for contact in Contact.objects.filter(customer_id__in=ids).select_related("customer"):
            self.add(contact)

    def add(self, contact: Contact) -> None:
        same = self._contacts.setdefault((contact.customer_id, contact.email.lower()), [])
        if contact not in same:
            same.append(contact)

    def find(self, customer: Customer, email: str) -> Contact | None:
        """The contact with this address; BadRow when the customer has several."""
        same = self._contacts.get((customer.pk, email.lower()), [])
        if len(same) > 1:
            raise BadRow(("email", f"“{customer}” has {len(same)} contacts with this address."))
        return same[0] if same else None

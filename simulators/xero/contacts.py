"""Contacts: names that are unique among the active, archived ones, and how documents find them."""

from __future__ import annotations

import re

from .organisation import Act, Doc, clone, new_id, record, tell
from .refusals import Invalid

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LATE = "Archived contacts cannot currently be edited via the API."


def create(act: Act, sent: Doc) -> Doc:
    """A new contact, which must have a name."""
    if not sent.get("Name", "").strip():
        raise Invalid("The contact name must be specified.")
    _check(act, sent, "")
    blank: Doc = {"Addresses": [], "Phones": [], "ContactPersons": []}
    doc = {**blank, **sent, "ContactID": new_id(), "ContactStatus": "ACTIVE"}
    record(act, doc["ContactID"], "Created")
    return _keep(act, doc, "CREATE")


def update(act: Act, doc: Doc, sent: Doc) -> Doc:
    """Change fields of a contact. A list of persons replaces the old one."""
    if doc["ContactStatus"] != "ACTIVE" and act.by == "api":
        raise Invalid(
            f"The contact with the specified contact details matched an archived contact. {LATE}"
        )
    if "Name" in sent and not sent["Name"].strip():
        raise Invalid("The contact name must be specified.")
    _check(act, sent, doc["ContactID"])
    changed = {name: value for name, value in sent.items() if name != "ContactID"}
    if all(doc.get(name) == value for name, value in changed.items()):
        return doc
    record(act, doc["ContactID"], "Edited")
    return _keep(act, {**clone(doc), **changed}, "UPDATE")


def write(act: Act, sent: Doc) -> Doc:
    """Create or update: by id, then by ContactNumber, then by name."""
    if id := sent.get("ContactID"):
        doc = act.org.find("Contact", id)
        if doc is None:
            raise LookupError(id)
        return update(act, doc, sent)
    number = sent.get("ContactNumber")
    for doc in act.org.of("Contact"):
        by_number = number and doc.get("ContactNumber") == number
        if by_number or (doc["ContactStatus"] == "ACTIVE" and _same(doc, sent.get("Name", ""))):
            return update(act, doc, sent)
    return create(act, sent)


def of_document(act: Act, sent: Doc | None) -> Doc:
    """The contact that a document means. A name alone finds or makes one; what else is sent about
    it changes it.
    """
    if not sent or not (sent.get("ContactID") or sent.get("Name") or sent.get("ContactNumber")):
        raise Invalid("A Contact must be specified for this type of transaction")
    if id := sent.get("ContactID"):
        doc = act.org.find("Contact", id)
        if doc is None:
            raise Invalid("simulated: The ContactID is not that of a contact.")
        if doc["ContactStatus"] != "ACTIVE":
            raise Invalid(f"The contact '{doc['Name']}' has been archived.")
    return write(act, sent)


def _same(doc: Doc, name: str) -> bool:
    return bool(doc["Name"].lower() == name.strip().lower())


def _check(act: Act, sent: Doc, id: str) -> None:
    found = []
    name = sent.get("Name")
    if name is not None:
        if "<" in name or ">" in name:
            found.append("simulated: The contact name can't contain < or >.")
        if name != name.strip() or "  " in name:
            found.append("simulated: The contact name can't have needless spaces.")
        found += [
            f"The contact name {name} is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
            for doc in act.org.of("Contact")
            if doc["ContactStatus"] == "ACTIVE" and doc["ContactID"] != id and _same(doc, name)
        ]
    email = sent.get("EmailAddress")
    if email and not EMAIL.fullmatch(email):
        found.append("Email address must be valid.")
    status = sent.get("ContactStatus", "ACTIVE")
    if status not in ("ACTIVE", "ARCHIVED"):
        found.append(f"simulated: The ContactStatus {status} is not known.")
    if found:
        raise Invalid(*found)


def _keep(act: Act, doc: Doc, type: str) -> Doc:
    doc["UpdatedDateUTC"] = act.stamp
    act.org.put("Contact", doc)
    tell(act, "Contact", doc, type)
    return doc

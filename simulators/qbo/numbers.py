"""Document numbers: who assigns them, and when the same one twice is refused."""

from __future__ import annotations

import re

from .company import Act, Company, Doc
from .refusals import Refused

AUTO = "AUTO_GENERATE"
_TAIL = re.compile(r"(\d+)(?!.*\d)")


def prepare_number(act: Act, kind: str, doc: Doc, before: Doc | None) -> None:
    """Give a new document its number by the company's settings, and refuse a taken one with 6140.

    With custom numbers on and none sent the document stays without a number; that is how it is.
    """
    custom = bool(act.company.prefers("SalesFormsPrefs", "CustomTxnNumbers"))
    wanted = doc.get("DocNumber")
    asks = wanted == AUTO or bool(doc.pop("AutoDocNumber", False))
    if before is None and (asks or (wanted is None and not custom)):
        doc["DocNumber"] = (
            _free(act.company, kind) if custom else following(act.company.last_number)
        )
    elif wanted is not None and custom and "allowduplicatedocnum" not in act.include:
        _check_free(act.company, kind, wanted, before)
    if before is None and "DocNumber" in doc:
        act.company.last_number = doc["DocNumber"]


def following(number: str) -> str:
    """The number after this one: the last digits count up, what stands around them stays."""
    if not _TAIL.search(number):
        return f"{number}1"
    return _TAIL.sub(lambda tail: str(int(tail[1]) + 1).zfill(len(tail[1])), number, count=1)


def _free(company: Company, kind: str) -> str:
    number = following(company.last_number)
    while company.numbered(kind, number):
        number = following(number)
    return number


def _check_free(company: Company, kind: str, number: str, before: Doc | None) -> None:
    holders = company.numbered(kind, number) - ({before["Id"]} if before else set())
    if holders:
        holder = min(holders, key=int)
        tokens = f"DocNumber={number} is assigned to TxnType={kind} with TxnId={holder}"
        french = f"DocNumber={number} est attribué à TxnType={kind} avec TxnId={holder}"
        raise Refused(
            "6140",
            "Duplicate Document Number Error : You must specify a different number. This number "
            f"has already been used. {tokens}",
            french="Vous devez indiquer un autre numéro. Ce numéro a déjà été utilisé. " + french,
        )

"""What can't be left out, because something would still bill it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from atera_invoicing.errors import Refused
from contracts.facts import unbilled
from contracts.models import CatalogItem, Category, Contract, ContractRate, TicketItem

from .models import Link


def items(ids: Iterable[int]) -> dict[int, str]:
    """Why these items can't be left out: an active contract or work to be billed needs them."""
    wanted = list(ids)
    found: dict[int, str] = {}
    rates = ContractRate.objects.filter(contract__is_active=True, item__in=wanted)
    for rate in rates.select_related("contract__customer").order_by("id"):
        contract = rate.contract
        found.setdefault(rate.item_id, f"a rate of {contract} ({contract.customer})")
    used = unbilled(TicketItem.objects.filter(item__in=wanted, billable=True))
    for pk in used.values_list("item_id", flat=True):
        found.setdefault(pk, "used on tickets that are not billed yet")
    return found


def taxes(ids: Iterable[int]) -> dict[int, str]:
    """Why these taxes can't be left out: something would still put them on new bills."""
    wanted = list(ids)
    uses: tuple[tuple[QuerySet, str], ...] = (
        (Contract.objects.active(), "the tax of active contracts"),
        (CatalogItem.objects.active(), "the tax of items"),
        (Category.objects.all(), "the tax of categories"),
    )
    found: dict[int, str] = {}
    for rows, words in uses:
        for pk in rows.filter(tax_rate__in=wanted).values_list("tax_rate", flat=True):
            found.setdefault(pk, words)
    return found


def refuse(links: Sequence[Link]) -> None:
    """Refuse to leave out what an active contract or unbilled work needs."""
    for link in links:
        why = items([link.item_id]) if link.item_id else {}
        why |= taxes([link.tax_rate_id]) if link.tax_rate_id else {}
        if why:
            raise Refused("needed", f"{link.local} is {next(iter(why.values()))}. Link it instead.")

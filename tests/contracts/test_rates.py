"""The rates of a contract: what its type needs, and how they are replaced."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atera_invoicing.errors import Refused
from contracts import agreements, rates
from contracts.models import Contract, ContractRate

from .. import make

pytestmark = pytest.mark.django_db


def draft(type: str = "hourly", **fields) -> Contract:
    fields.setdefault("customer", None)
    fields["customer"] = fields["customer"] or make.customer()
    fields.setdefault("start_date", make.day("2026-01-01"))
    fields.setdefault("period", "once" if type.startswith("project") else "monthly")
    if type == "block_hours":
        fields.setdefault("included", Decimal(10))
    return Contract(type=type, name="Care", **fields)


def rate(role: str, counted: str = "", **fields) -> ContractRate:
    if "item" not in fields:
        fields["item"] = make.item()
    return ContractRate(role=role, counted=counted, **fields)


def refusal(verb, *args, **kwargs) -> Refused:
    with pytest.raises(Refused) as refused:
        verb(*args, **kwargs)
    return refused.value


COMPLETE = [
    ("retainer", ["fee"]),
    ("hourly", ["primary"]),
    ("hourly", ["primary", "additional", "additional"]),
    ("block_hours", ["block"]),
    ("block_hours", ["block", "overage"]),
    ("block_money", ["fee", "primary"]),
    ("block_money", ["fee", "primary", "additional", "overage"]),
    ("monitoring", ["device:pcs", "device:servers"]),
    ("backup", ["storage:total_gb"]),
    ("project_fixed", ["fee"]),
    ("project_hourly", ["primary", "additional"]),
]
WRONG = [
    ("retainer", [], "role_missing"),
    ("retainer", ["fee", "primary"], "role_unknown"),
    ("hourly", ["additional"], "role_missing"),
    ("hourly", ["primary", "primary"], "role_twice"),
    ("hourly", ["primary", "overage"], "role_unknown"),
    ("block_hours", ["overage"], "role_missing"),
    ("block_hours", ["block", "primary"], "role_unknown"),
    ("block_money", ["fee"], "role_missing"),
    ("block_money", ["primary"], "role_missing"),
    ("monitoring", [], "role_missing"),
    ("monitoring", ["device"], "class_unknown"),
    ("monitoring", ["device:total_gb"], "class_unknown"),
    ("monitoring", ["device:pcs", "device:pcs"], "rate_twice"),
    ("monitoring", ["storage:total_gb"], "role_unknown"),
    ("backup", ["storage:pcs"], "class_unknown"),
    ("backup", ["device:pcs"], "role_unknown"),
    ("project_fixed", ["primary"], "role_unknown"),
    ("project_hourly", [], "role_missing"),
    ("hourly", ["primary:pcs"], "class_unknown"),
]


def built(names: list[str]) -> list[ContractRate]:
    return [rate(*name.split(":")) for name in names]


@pytest.mark.parametrize(("type", "names"), COMPLETE)
def test_a_complete_contract_of_every_type_is_stored_with_its_rates(owner, type, names):
    contract = agreements.create(draft(type), built(names), by=owner)

    stored = [f"{r.role}:{r.counted}".rstrip(":") for r in contract.rates.all()]
    assert sorted(stored) == sorted(names)
    assert contract.history.latest().history_user == owner


def test_every_type_is_tried_above():
    assert {type for type, _ in COMPLETE} == set(Contract.Type.values) == set(rates.ROLES)


@pytest.mark.parametrize(("type", "names", "code"), WRONG)
def test_rates_that_do_not_fit_the_type_are_refused(owner, type, names, code):
    refused = refusal(agreements.create, draft(type), built(names), by=owner)

    assert (refused.code, refused.field) == (code, "rates")
    assert not Contract.objects.exists()


def test_the_same_additional_rate_twice_is_refused(owner):
    item = make.item("After hours")
    twice = [rate("primary"), rate("additional", item=item), rate("additional", item=item)]

    refused = refusal(agreements.create, draft(), twice, by=owner)

    assert refused.message == "After hours is there twice."


@pytest.mark.parametrize(
    ("type", "role", "kind", "possible"),
    [
        ("retainer", "fee", "product", True),
        ("retainer", "fee", "expense", False),
        ("hourly", "primary", "product", False),
        ("hourly", "primary", "expense", False),
    ],
)
def test_hours_are_services_and_a_fee_may_be_a_product(owner, type, role, kind, possible):
    chosen = [rate(role, item=make.item(kind=kind))]

    if possible:
        assert agreements.create(draft(type), chosen, by=owner).pk
    else:
        refused = refusal(agreements.create, draft(type), chosen, by=owner)
        assert refused.code == "item_kind"


def test_an_archived_item_can_not_be_chosen_but_may_stay(owner):
    contract = agreements.create(draft(), [rate("primary")], by=owner)
    kept = contract.rates.get()
    kept.item.archived_at = make.at("2026-11-01")
    kept.item.save()

    agreements.change(contract, [kept], by=owner)

    new = rate("additional", item=make.item(archived_at=make.at("2026-11-01")))
    refused = refusal(agreements.change, contract, [kept, new], by=owner)
    assert refused.code == "item_archived"


def test_a_price_below_zero_is_refused(owner):
    refused = refusal(
        agreements.create, draft(), [rate("primary", unit_price=Decimal(-1))], by=owner
    )

    assert refused.code == "price_negative"


@pytest.fixture
def contract():
    """Hourly, with a primary and an after-hours rate."""
    result = make.hourly()
    make.rate(result, "additional", "150", name="After hours")
    return result


def roles(contract: Contract) -> dict[str, ContractRate]:
    return {rate.role: rate for rate in contract.rates.all()}


def test_rates_that_are_not_named_stay_as_they_are(owner, contract):
    agreements.change(contract, by=owner)

    assert contract.rates.count() == 2


def test_rates_are_kept_changed_added_and_removed_at_once(owner, contract):
    primary = roles(contract)["primary"]
    primary.unit_price = Decimal(110)

    agreements.change(contract, [primary, rate("additional", unit_price=Decimal(9))], by=owner)

    assert {r.price for r in contract.rates.all()} == {110, 9}
    assert contract.rates.filter(pk=primary.pk).exists()


def test_unbilled_time_at_a_removed_rate_moves_to_the_primary_one_if_agreed(owner, contract):
    entry = make.entry(make.ticket(contract), rate=roles(contract)["additional"])
    left = [roles(contract)["primary"]]

    refused = refusal(agreements.change, contract, left, by=owner)
    assert (refused.code, refused.facts["entries"]) == ("rate_in_use", 1)
    assert contract.rates.count() == 2

    agreements.change(contract, left, by=owner, repoint_rates=True)
    entry.refresh_from_db()
    assert entry.rate is None  # the primary one
    assert contract.rates.count() == 1


def test_a_rate_of_billed_time_can_not_be_removed(owner, contract):
    entry = make.entry(make.ticket(contract), rate=roles(contract)["additional"])
    make.claim(entry)

    refused = refusal(
        agreements.change, contract, [roles(contract)["primary"]], by=owner, repoint_rates=True
    )

    assert refused.code == "rate_billed"
    assert contract.rates.count() == 2


def test_a_rate_of_another_contract_is_refused(owner, contract):
    foreign = make.hourly().rates.get()

    refused = refusal(agreements.change, contract, [foreign], by=owner)

    assert refused.code == "foreign_rate"


def test_the_primary_and_an_additional_rate_can_change_places(owner, contract):
    first, second = roles(contract)["primary"], roles(contract)["additional"]
    first.role, second.role = "additional", "primary"

    agreements.change(contract, [first, second], by=owner)

    assert roles(contract)["primary"] == second


def test_rates_that_swap_their_classes_are_asked_to_do_it_in_two_steps(owner):
    contract = make.monitoring()
    first, second = contract.rates.all()
    first.counted, second.counted = second.counted, first.counted

    refused = refusal(agreements.change, contract, [first, second], by=owner)

    assert refused.code == "rates_change_places"

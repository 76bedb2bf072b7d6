"""Suggestions are sure where the names are the same, careful where not, and quick for thousands."""

from __future__ import annotations

import random
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.matching import ALIKE, How, Match, Ours, Theirs, suggest, suggest_taxes

WORDS = ["Blue", "Harbor", "Dental", "Legal", "Acme", "North", "7", "Inc", "LLC", "é", "  "]
names = st.lists(st.sampled_from(WORDS), min_size=0, max_size=4).map(" ".join)
codes = st.sampled_from(["", "", "A-1", "a-1 ", "B2"])


@st.composite
def lists(draw):
    ours = [
        Ours(i, name, code)
        for i, (name, code) in enumerate(draw(st.lists(st.tuples(names, codes), max_size=8)))
    ]
    rows = draw(st.lists(st.tuples(names, codes, st.booleans()), max_size=8))
    theirs = [Theirs(str(i), name, code, active=on) for i, (name, code, on) in enumerate(rows)]
    ids = st.sampled_from([*(record.id for record in theirs), "gone"])
    earlier = draw(st.dictionaries(st.integers(0, 8), ids, max_size=4))
    return ours, theirs, earlier


def one(ours: str, theirs: str, **fields) -> Match | None:
    return suggest([Ours(1, ours)], [Theirs("9", theirs, **fields)], one_to_one=True).get(1)


@given(lists(), st.booleans())
def test_what_is_suggested_exists_is_active_and_is_said_once(given_lists, one_to_one):
    ours, theirs, earlier = given_lists
    found = suggest(ours, theirs, one_to_one=one_to_one, earlier=earlier)
    active = {record.id for record in theirs if record.active}
    assert set(found) <= {record.id for record in ours}
    assert {match.theirs for match in found.values()} <= active
    assert all(id == match.ours for id, match in found.items())
    assert all(ALIKE <= match.score <= 100 for match in found.values())
    if one_to_one:
        assert len({match.theirs for match in found.values()}) == len(found)


@given(lists(), st.booleans(), st.randoms())
def test_the_order_of_the_lists_changes_nothing(given_lists, one_to_one, rng):
    ours, theirs, earlier = given_lists
    before = suggest(ours, theirs, one_to_one=one_to_one, earlier=earlier)
    rng.shuffle(ours)
    rng.shuffle(theirs)
    assert suggest(ours, theirs, one_to_one=one_to_one, earlier=earlier) == before


@given(lists())
def test_an_earlier_link_to_an_active_record_always_comes_first(given_lists):
    ours, theirs, earlier = given_lists
    found = suggest(ours, theirs, one_to_one=False, earlier=earlier)
    active = {record.id for record in theirs if record.active}
    for record in ours:
        if earlier.get(record.id) in active:
            assert found[record.id] == Match(record.id, earlier[record.id], How.EARLIER)


@given(st.lists(st.sampled_from(["Alder", "Birch", "Cedar", "Doug fir", "Elm"]), unique=True))
def test_the_same_names_are_found_whatever_blanks_and_case(chosen):
    ours = [Ours(i, name) for i, name in enumerate(chosen)]
    theirs = [Theirs(name, f"  {name.upper().replace(' ', '   ')} ") for name in chosen]
    found = suggest(ours, theirs, one_to_one=True)
    assert {match.how for match in found.values()} <= {How.EXACT}
    assert {id: match.theirs for id, match in found.items()} == dict(enumerate(chosen))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Acme Inc", "ACME, Incorporated"),
        ("Acme LLC", "Acme"),
        ("A.B.C. Ltd", "ABC Limited"),
        ("Smith, John", "John Smith"),
        ("Café Zürich", "Cafe Zurich GmbH"),
        ("Hargrove & Finch LLP", "Hargrove and Finch"),
        ("Kestrel", "Kestral"),
        ("The Anchor", "Anchor"),
        ("Bluewater", "Bluewater Dental Group"),
        ("Northwind", "Contoso:Northwind"),
    ],
)
def test_a_similar_name_is_suggested_but_is_never_sure(ours, theirs):
    match = one(ours, theirs)
    assert match is not None
    assert match.how == How.FUZZY
    assert ALIKE <= match.score < 100


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Store 1", "Store 2"),
        ("Laptop 14", "Laptop"),
        ("Microsoft 365 E3", "Microsoft 365 E5"),
        ("Bluewater Dental", "Redwood Legal"),
        ("Inc", "LLC"),
        ("", ""),
        ("...", "---"),
    ],
)
def test_what_differs_in_a_number_or_in_most_letters_is_not(ours, theirs):
    assert one(ours, theirs) is None


def test_what_is_inactive_there_is_never_suggested():
    assert one("Acme", "Acme", active=False) is None


def test_two_of_theirs_with_the_same_name_need_a_person():
    theirs = [Theirs("5", "Acme"), Theirs("3", "ACME ")]
    found = suggest([Ours(1, "Acme")], theirs, one_to_one=True)
    assert found[1] == Match(1, "3", How.FUZZY, 99)


def test_the_surest_pair_wins_when_each_record_is_used_once():
    ours = [Ours(1, "Bluewater Dental"), Ours(2, "Bluewater Dental Group")]
    found = suggest(ours, [Theirs("9", "Bluewater Dental Group")], one_to_one=True)
    assert found == {2: Match(2, "9", How.EXACT)}


def test_several_items_of_ours_may_be_one_of_theirs():
    ours = [Ours(1, "Standard hour"), Ours(2, "Standard hours", code="STD")]
    found = suggest(ours, [Theirs("9", "Standard hour", code="std")], one_to_one=False)
    assert [found[1].how, found[2].how] == [How.EXACT, How.CODE]


def test_the_name_counts_before_the_sku():
    theirs = [Theirs("1", "Dock", code="X"), Theirs("2", "Cable", code="D-1")]
    found = suggest([Ours(1, "Dock", code="D-1")], theirs, one_to_one=False)
    assert found[1] == Match(1, "1", How.EXACT)


def test_a_tax_with_another_name_is_suggested_by_its_percent():
    theirs = [
        Theirs("5", "20.0% S", percent=Decimal("20")),
        Theirs("6", "5.0% R", percent=Decimal("5.0000")),
        Theirs("7", "Zero", percent=Decimal(0)),
        Theirs("8", "Exempt", percent=Decimal(0)),
    ]
    ours = [Ours(1, "VAT", percent=Decimal("20.0000")), Ours(2, "Nothing", percent=Decimal(0))]
    found = suggest_taxes(ours, theirs)
    assert {id: (match.theirs, match.how) for id, match in found.items()} == {1: ("5", How.FUZZY)}


def test_five_thousand_by_five_thousand_take_seconds():
    rng = random.Random(3)
    ours = [Ours(i, name) for i, name in enumerate(_companies(5000, rng))]
    theirs = [Theirs(str(record.id), _misspelt(record.name, rng)) for record in ours]
    began = time.process_time()
    found = suggest(ours, theirs, one_to_one=True)
    assert time.process_time() - began < 10
    right = sum(match.theirs == str(match.ours) for match in found.values())
    assert right > 0.95 * len(ours)


def _companies(count: int, rng: random.Random) -> list[str]:
    """Names of two made-up words and a trade, all different."""
    syllables = ["bar", "den", "fol", "gar", "hal", "kin", "lom", "mer", "nor", "pel", "ros", "tav"]
    trades = ["Dental", "Legal", "Medical", "Logistics", "Foods", "Systems", "Motors", "Realty"]

    def word() -> str:
        return "".join(rng.choices(syllables, k=3)).capitalize()

    found: dict[str, None] = {}
    while len(found) < count:
        found[f"{word()} {word()} {rng.choice(trades)}"] = None
    return list(found)


def _misspelt(name: str, rng: random.Random) -> str:
    place = rng.randrange(1, 5)
    return f"{name[:place]}x{name[place + 1 :]} Inc"

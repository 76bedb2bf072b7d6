"""Which of their records is which of ours: suggestions, pure, and the same for the same lists.

Four rounds, the surest first: linked before, the same name, the same code, a similar name. Records
that are inactive there are never suggested. What is only similar has a score and needs a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from enum import StrEnum
from heapq import nlargest
from itertools import combinations
from typing import TypeVar

ALIKE = 70  # percent; what is less alike is not suggested
ALMOST = 99  # as alike as two names can be without being the same
PART = 75  # one name is within the other
CHILD = 90  # the most for "Parent:Child" whose child alone is alike
CANDIDATES = 4  # of each name that are compared letter by letter
EFFORT = 200  # entries of the index that are looked at for each name
LEGAL = frozenset(
    {
        "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "inc",
        "incorporated", "kg", "limited", "llc", "llp", "lp", "ltd", "nv", "oy", "pa", "pc", "plc",
        "pllc", "pte", "pty", "sa", "sarl", "spa", "srl", "ug"
    }
)  # fmt: skip


Key = TypeVar("Key", bound=Hashable)


class How(StrEnum):
    """Why two records are thought to be the same."""

    EARLIER = "earlier"
    EXACT = "exact"
    CODE = "code"
    FUZZY = "fuzzy"


@dataclass(frozen=True, slots=True)
class Ours:
    """A record here. `code` is an item's SKU or a person's e-mail, `percent` a tax's."""

    id: int
    name: str
    code: str = ""
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Theirs:
    """A record there."""

    id: str
    name: str
    code: str = ""
    percent: Decimal | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """A suggestion; `score` says how alike the names are, in percent."""

    ours: int
    theirs: str
    how: How
    score: int = 100


Round = Callable[[Sequence[Ours], Sequence[Theirs]], Iterable[Match]]


def suggest(
    ours: Sequence[Ours],
    theirs: Sequence[Theirs],
    *,
    one_to_one: bool,
    earlier: Mapping[int, str] | None = None,
) -> dict[int, Match]:
    """The best match of each of ours, as far as there is one.

    `one_to_one`: none of theirs is suggested twice. `earlier` are links that the same company once
    had, by our id.
    """
    rounds = (_earlier(earlier or {}), _same_name, _same_code, _alike)
    return _matched(ours, theirs, rounds, one_to_one=one_to_one)


def suggest_taxes(
    ours: Sequence[Ours], theirs: Sequence[Theirs], *, earlier: Mapping[int, str] | None = None
) -> dict[int, Match]:
    """As `suggest`, for taxes: what has another name may have the same percent."""
    rounds = (_earlier(earlier or {}), _same_name, _same_percent)
    return _matched(ours, theirs, rounds, one_to_one=False)


def name_key(name: str) -> str:
    """Names with the same key are the same: blanks and case aside."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


# Rounds -------------------------------------------------------------------------------------------


def _matched(
    ours: Sequence[Ours], theirs: Sequence[Theirs], rounds: Iterable[Round], *, one_to_one: bool
) -> dict[int, Match]:
    found: dict[int, Match] = {}
    taken: set[str] = set()
    offered = [record for record in theirs if record.active]
    for candidates in rounds:
        left = [record for record in ours if record.id not in found]
        free = [record for record in offered if record.id not in taken] if one_to_one else offered
        if not (left and free):
            break
        for match in sorted(candidates(left, free), key=lambda m: (-m.score, m.ours, m.theirs)):
            if match.ours in found or (one_to_one and match.theirs in taken):
                continue
            found[match.ours] = match
            taken.add(match.theirs)
    return found


def _earlier(links: Mapping[int, str]) -> Round:
    def candidates(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> Iterator[Match]:
        offered = {record.id for record in theirs}
        for record in ours:
            if links.get(record.id) in offered:
                yield Match(record.id, links[record.id], How.EARLIER)

    return candidates


def _same_name(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> Iterator[Match]:
    """The same name; where several of theirs have it, a person must say which."""
    by_key = _grouped((name_key(record.name), record.id) for record in theirs)
    names = Counter(name_key(record.name) for record in ours)
    for record in ours:
        key = name_key(record.name)
        found = by_key.get(key, []) if key else []
        sure = len(found) == 1 and names[key] == 1
        for id in found:
            yield Match(record.id, id, *((How.EXACT, 100) if sure else (How.FUZZY, ALMOST)))


def _same_code(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> Iterator[Match]:
    by_code = _grouped((name_key(record.code), record.id) for record in theirs if record.code)
    for record in ours:
        found = by_code.get(name_key(record.code), []) if record.code else []
        if len(found) == 1:
            yield Match(record.id, found[0], How.CODE)


def _same_percent(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> Iterator[Match]:
    """The same percent, if only one of theirs has it."""
    by_percent = _grouped((r.percent, r.id) for r in theirs if r.percent is not None)
    for record in ours:
        found = by_percent.get(record.percent, []) if record.percent is not None else []
        if len(found) == 1:
            yield Match(record.id, found[0], How.FUZZY, CHILD)


def _grouped(pairs: Iterable[tuple[Key, str]]) -> dict[Key, list[str]]:
    groups: dict[Key, list[str]] = defaultdict(list)
    for key, id in pairs:
        groups[key].append(id)
    return groups


# Similar names ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Name:
    """A name as its words, without the company's legal form; `most` caps its score."""

    words: tuple[str, ...]
    text: str
    grams: frozenset[str]
    pairs: frozenset[str]
    numbers: frozenset[str]
    most: int = ALMOST


def _alike(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> Iterator[Match]:
    """Names that share most of their letters, whatever the order of their words.

    Only those that share something rare (three letters, or two words) are compared, so thousands
    by thousands take seconds.
    """
    names = [(record.id, name) for record in theirs for name in _names(record.name)]
    index: dict[str, list[int]] = defaultdict(list)
    for place, (_, name) in enumerate(names):
        for key in name.grams | name.pairs:
            index[key].append(place)
    for record in ours:
        name = _name(record.name)
        for place in _nearest(name, names, index):
            id, other = names[place]
            score = _likeness(name, other)
            if score >= ALIKE:
                yield Match(record.id, id, How.FUZZY, score)


def _nearest(
    name: _Name, names: Sequence[tuple[str, _Name]], index: Mapping[str, list[int]]
) -> list[int]:
    """The few that share most, each thing weighed by how rare it is there."""
    weights: dict[int, float] = defaultdict(float)
    shared = sorted((index[key] for key in name.grams | name.pairs if key in index), key=len)
    left = EFFORT
    for posting in shared:
        for place in posting:
            weights[place] += 1 / len(posting)
        left -= len(posting)
        if left < 0:
            break
    ranked = ((weight, -place) for place, weight in weights.items())
    return [-place for _, place in nlargest(CANDIDATES, ranked)]


def _likeness(one: _Name, other: _Name) -> int:
    """How alike two names are, in percent: 99 at most, and 0 when they differ in a number."""
    if one.numbers != other.numbers or not (one.text and other.text):
        return 0
    most = min(one.most, other.most)
    if one.text == other.text:
        return most
    shared = 2 * len(one.grams & other.grams) / (len(one.grams) + len(other.grams))
    letters = _letters(one.text, other.text) if shared > 0.3 else 0
    return min(most, max(round(100 * max(shared, letters)), PART if _within(one, other) else 0))


def _letters(one: str, other: str) -> float:
    """How much of two texts is the same letters in the same order, from 0 to 1."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() * 100 >= ALIKE else 0


def _within(one: _Name, other: _Name) -> bool:
    """Whether all words of one name are words of the other, and they say something."""
    few, many = sorted((set(one.words), set(other.words)), key=len)
    return few <= many and sum(map(len, few)) >= 5


def _names(text: str) -> Iterator[_Name]:
    """The whole name, and the child of "Parent:Child" alone."""
    yield _name(text)
    child = text.rpartition(":")[2].strip()
    if child and child != text.strip():
        yield _name(child, most=CHILD)


def _name(text: str, most: int = ALMOST) -> _Name:
    words = tuple(sorted(_words(text)))
    grams = {f" {word} "[start : start + 3] for word in words for start in range(len(word))}
    numbers = frozenset(word for word in words if any(letter.isdigit() for letter in word))
    pairs = frozenset(f"{one} {other}" for one, other in combinations(words, 2))
    return _Name(words, " ".join(words), frozenset(grams), pairs, numbers, most)


def _words(text: str) -> list[str]:
    """Lower case, no accents, no punctuation, no legal form at the end, no "the"."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    plain = re.sub(r"(?<=\b\w)\.", "", plain).replace("&", " and ")
    words = re.findall(r"\w+", plain)
    kept = list(words)
    while len(kept) > 1 and kept[-1] in LEGAL:
        kept.pop()
    return [word for word in kept if word not in ("the", "and")] or words

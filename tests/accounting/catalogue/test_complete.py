"""The catalogue itself. A test that proves a row begins with its number: `test_f14_...` for a fault
of QuickBooks, `test_r05_...` for a row of reliability, `test_f22_r05_...` for both. They lie where
what they prove is tested: here what needs the whole product, elsewhere in tests/ what does not.
"""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
NAME = re.compile(r"^def test_((?:[fr]\d\d_)+)", re.MULTILINE)

FAULTS = {
    "f01": "no connection: refused, or no such host",
    "f02": "silence before anything was done, then the connection ends",
    "f03": "done, then the connection drops before or inside the answer",
    "f04": "done, then answered by an error page",
    "f05": "done late: a retry arrives while the first request is at work",
    "f06": "an answer cut short, or empty",
    "f07": "401 once: the token expired on the way",
    "f08": "401 for ever",
    "f09": "a refresh is done, its answer lost",
    "f10": "a refresh fails or hangs",
    "f11": "the refresh token is dead",
    "f12": "429, in JSON or XML, for a while, or for reads only",
    "f13": "403: the company shut us out",
    "f14": "a stale version: somebody changed another field, or the same one",
    "f15": "the number is taken by our own earlier write",
    "f16": "the number is taken by a stranger",
    "f17": "refusals in French, without detail, several, with odd codes",
    "f18": "the request id is forgotten or ignored",
    "f19": "refusals are replayed under their request id, or not",
    "f20": "their total differs, by a cent or by a lot",
    "f21": "a record becomes inactive before the export",
    "f22": "queries show late what was written",
    "f23": "pages shift while a list is read",
    "f24": "notices: forged, replayed, many, unknown, of another company, lost",
    "f25": "their clock and ours differ by ten minutes",
    "f26": "the first call fine, the second throttled; one item refused in a 200",
    "f27": "a worker dies after the commit and before we saved",
    "f28": "two workers export the same invoice",
    "f29": "somebody voids while we change",
    "f30": "answers that take for ever",
    "f31": "no number comes back",
    "f32": "a redirect",
}
RELIABILITY = {
    "r01": "kill -9 at any step",
    "r02": "the answer is lost after the commit",
    "r03": "the request is lost before the commit",
    "r04": "the first request lands after its retry",
    "r05": "search lags behind writes",
    "r06": "the provider forgets keys",
    "r07": "errors, HTML, truncated JSON, faults in a 200",
    "r08": "drips and hangs",
    "r09": "throttling, and limits that are enforced",
    "r10": "the same notice twice",
    "r11": "notices out of order",
    "r12": "lost notices",
    "r13": "forged, replayed and oversized notices",
    "r14": "a flood of notices",
    "r15": "notices for a company that is not ours, or no longer",
    "r16": "many workers refresh one token",
    "r17": "a crash between the refresh and its saving",
    "r18": "access revoked at the provider",
    "r19": "part of a call fails",
    "r20": "an invoice that nobody can write",
    "r21": "clocks that differ",
    "r22": "the database drops its connections",
    "r23": "SQLite locked or full",
    "r24": "the broker is down, or came back empty",
    "r26": "edited while it is exported",
    "r27": "voided or deleted there",
    "r28": "disconnected while exporting",
    "r29": "a wizard that nobody finishes",
    "r30": "a wizard committed twice, or by two",
    "r31": "disconnecting brings the configuration back",
    "r32": "two bill the same work",
    "r33": "gaps in numbers, or doubles",
    "r34": "rounding",
    "r35": "a large export: progress, taken back half-way",
    "r36": "a PDF that eats time or memory",
    "r38": "the same POST twice",
    "r39": "both ends disagree and nobody told",
    "r40": "our books are older than theirs",
}
# 25 (old and new code side by side) begins with the second release, 37 (mail) with mailing.


def test_every_row_of_the_catalogue_has_a_test_that_bears_its_number():
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        for numbers in NAME.findall(path.read_text(encoding="utf-8")):
            found.update(numbers.strip("_").split("_"))
    known = FAULTS.keys() | RELIABILITY.keys()
    assert {row: title for row, title in (FAULTS | RELIABILITY).items() if row not in found} == {}
    assert found <= known, "a number that no row has"


def test_every_fault_of_quickbooks_is_the_first_word_of_a_test():
    """So that a search for `def test_f14` finds it."""
    first = re.compile(r"^def test_(f\d\d)_", re.MULTILINE)
    texts = [path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")]
    assert {number for text in texts for number in first.findall(text)} == FAULTS.keys()

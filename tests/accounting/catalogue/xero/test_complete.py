"""Every fault of Xero has a test that is named after it."""

from __future__ import annotations

import re
from pathlib import Path

NAME = re.compile(r"^def test_xero_(f\d\d)_", re.MULTILINE)
FAULTS = {f"f{number:02}" for number in range(1, 29)}


def test_every_fault_of_xero_has_a_test():
    tests = "\n".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    assert set(NAME.findall(tests)) == FAULTS

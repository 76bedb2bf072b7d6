"""The budget of requests is only used up where a test is about it."""

from __future__ import annotations

import pytest

from atera_invoicing.rest import PerUserThrottle


@pytest.fixture(autouse=True)
def _fresh_budget(settings):
    rates = {"DEFAULT_THROTTLE_RATES": {"user": "1000000/d"}}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, **rates}
    PerUserThrottle.known.clear()
    PerUserThrottle.unshared.clear()

"""The published schema and its page."""

from __future__ import annotations

import re

import pytest
from openapi_spec_validator import validate

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(api_as):
    return api_as("owner").get("/api/v1/schema/").json()


def test_the_schema_is_valid_openapi_3_1(schema):
    assert schema["openapi"].startswith("3.1")
    validate(schema)


def test_every_operation_is_described_with_its_problems(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation.get("description"), where
            answers = operation["responses"]
            needed = {"400", "401", "403", "429"} | (set() if method == "get" else {"409", "422"})
            assert needed <= set(answers), where
            assert any(status.startswith("2") for status in answers), where
            for status in needed:
                assert "application/problem+json" in answers[status]["content"], where


def test_money_and_quantities_are_strings_in_the_schema(schema):
    line = schema["components"]["schemas"]["LineRow"]["properties"]
    for name in ("quantity", "unit_price", "net", "tax", "total"):
        assert line[name]["type"] == "string"


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(client_as):
    client = client_as("owner")
    page = client.get("/api/v1/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "//" not in re.sub(r"<!doctype[^>]*>", "", text)
    assert "<style" not in text
    assert re.findall(r"<script(?![^>]*src=)", text) == []
    script = client.get("/api/v1/docs/?script=")
    assert script.status_code == 200
    assert "https://" not in script.content.decode()
    for header in (page, script):
        assert "unsafe-inline" not in header.headers["Content-Security-Policy"]

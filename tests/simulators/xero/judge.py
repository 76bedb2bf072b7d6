"""Judges exchanges by Xero's own OpenAPI description, with openapi-core.

The description (xero_accounting.yaml of github.com/XeroAPI/Xero-OpenAPI) is not part of the
project: the environment variable REFERENCE_DATA names a folder that has it as
xero/openapi/xero_accounting.yaml. Without it the tests that need it are skipped, visibly.

Its schemas are closed mechanically, so that a misspelt or invented field is found in either
direction. The exceptions are what Xero's service really does, seen in recordings: ADDED lists the
fields that it sends and its description lacks.
"""

from __future__ import annotations

import functools
import json
import os

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from ..reference import folder

HOST = "https://api.xero.com"
BASE = "/api.xro/2.0"
ENVELOPE = ("Id", "Status", "ProviderName", "DateTimeUTC")
ADDED = {
    "Invoice": ("DateString", "DueDateString"),
    "CreditNote": ("DateString", "DueDateString", "ID"),
    "LineItem": ("ValidationErrors",),
    "LineItemTracking": ("Options",),
}
OPEN = ("Element",)  # of a refusal: the whole record that was refused, says every recording
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(LOADER):
    """YAML without dates: the examples hold text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in LOADER.yaml_implicit_resolvers.items()
}


def available() -> bool:
    return folder("xero") is not None


@functools.cache
def description() -> dict:
    """Xero's description as it is."""
    return yaml.load((folder("xero") / "openapi" / "xero_accounting.yaml").read_text(), Loader)


@functools.cache
def judge() -> OpenAPI:
    """openapi-core over the closed description."""
    spec = json.loads(json.dumps(description()))
    schemas = spec["components"]["schemas"]
    for name, schema in schemas.items():
        _close(name, schema)
    for name in _answered(spec):
        schemas[name]["properties"] |= {field: {} for field in ENVELOPE}
    for name, fields in ADDED.items():
        schemas[name]["properties"] |= {field: {} for field in fields}
    for path in spec["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    return OpenAPI.from_dict(spec, config=Config(spec_validator_cls=None))


def request_problems(method, path, *, query, headers, body=b"") -> list[str]:
    """Everything about a request that Xero's description does not allow; `path` below /2.0."""
    headers = {name.lower(): value for name, value in headers.items()}
    if "xero-tenant-id" not in headers:
        return ["the header xero-tenant-id is missing"]
    asked = _asked(method, path, query, headers, body)
    found = [_told(error) for error in judge().iter_request_errors(asked)]
    return found + _unknown_parameters(method, path, query)


def answer_problems(method, path, *, status, body, content_type="application/json") -> list[str]:
    """Everything about an answer that Xero's description does not allow."""
    asked = _asked(method, path, {}, {"xero-tenant-id": "x"}, b"")
    answer = MockResponse(body, status, content_type=content_type.partition(";")[0])
    return [_told(error) for error in judge().iter_response_errors(asked, answer)]


def _asked(method, path, query, headers, body) -> MockRequest:
    query = {name: {"True": "true", "False": "false"}.get(v, v) for name, v in query.items()}
    type = headers.get("content-type", "application/json").partition(";")[0]
    return MockRequest(HOST, method.lower(), BASE + path, args=query, headers=headers, data=body,
                       content_type=type)  # fmt: skip


def _told(error: Exception) -> str:
    """One line, with what the schema says inside."""
    inner = getattr(error.__cause__, "schema_errors", None) or ()
    told = [f"{'.'.join(map(str, each.absolute_path))}: {each.message[:200]}" for each in inner]
    return f"{type(error).__name__}: {error}; {'; '.join(told)}"


def _close(name: str, schema: dict) -> None:
    properties = schema.get("properties")
    if properties is None:
        return
    if name not in OPEN:
        schema["additionalProperties"] = False
    if "HasAttachments" in properties:  # the SDK sends it with every record
        properties["HasAttachments"].pop("readOnly", None)


def _answered(spec: dict) -> set[str]:
    """The schemas of whole answers."""
    names = set()
    for path in spec["paths"].values():
        for operation in path.values():
            responses = operation.get("responses", {}) if isinstance(operation, dict) else {}
            for status, response in responses.items():
                content = response.get("content", {}).get("application/json", {})
                reference = content.get("schema", {}).get("$ref", "")
                if str(status) == "200" and reference:
                    names.add(reference.rpartition("/")[2])
    return {name for name in names if "properties" in spec["components"]["schemas"][name]}


def _unknown_parameters(method, path, query) -> list[str]:
    """openapi-core looks only at parameters that it knows."""
    spec = description()
    for pattern, operations in spec["paths"].items():
        if _fits(pattern, path) and method.lower() in operations:
            known = set()
            for parameter in operations[method.lower()].get("parameters", []):
                shared = parameter.get("$ref", "").rpartition("/")[2]
                meant = spec["components"]["parameters"][shared] if shared else parameter
                known.add(meant["name"])
            return [f"no parameter {name}" for name in query if name not in known]
    return [f"no operation {method} {path}"]


def _fits(pattern: str, path: str) -> bool:
    pairs = list(zip(pattern.split("/"), path.split("/"), strict=False))
    same = all(own == sent or own.startswith("{") for own, sent in pairs)
    return same and pattern.count("/") == path.count("/")


def wanted() -> str:
    """Why tests are skipped."""
    given = os.environ.get("REFERENCE_DATA", "not set")
    return f"needs Xero's OpenAPI description below REFERENCE_DATA ({given})"


def check(journal) -> None:
    """Every answer, and every request that was served, of the accounting API."""
    for each in journal:
        path = each.path.removeprefix(BASE)
        whole = each.done and not each.fault and path != each.path
        # Xero's description knows no refusal of a read, and takes attachments for base64
        described = each.status == 200 or (each.status == 400 and each.method != "GET")
        if not whole or not described or not each.response_body.startswith(b"{"):
            continue
        found = answer_problems(each.method, path, status=each.status, body=each.response_body)
        assert not found, (each.method, each.path, found)
        served = each.status == 200 and not _refused(each.response_body)
        if served and "x-odd" not in each.request_headers and "/Attachments/" not in path:
            found = request_problems(
                each.method, path, query=each.query, headers=each.request_headers,
                body=each.request_body,
            )  # fmt: skip
            assert not found, (each.method, each.path, each.query, each.request_body, found)


def _refused(body: bytes) -> bool:
    """Whether an element of the answer was refused: such a request may be as odd as it likes."""
    lists = [value for value in json.loads(body).values() if isinstance(value, list)]
    return any(each.get("StatusAttributeString") == "ERROR" for value in lists for each in value)

"""The OpenAPI document: how keys are shown, and that every operation may answer a problem."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from .problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "facts": {"type": "object", "additionalProperties": True},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Into the body (RFC 6901)."},
                    "parameter": {"type": "string", "description": "Of the query string."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
EVERYWHERE = {"400": "The request cannot be read.", "401": "Log in, or send a valid key."} | {
    "403": "Your role, or this key, may not do this.",
    "429": "Too many requests; see `Retry-After`.",
}
ON_OBJECTS = {"404": "There is nothing here, or nothing that you may see."}
ON_WRITES = {"409": "A rule or another row stands against it.", "422": "A value is not valid."}
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent twice, the same request happens once. Kept for 30 days.",
    "schema": {"type": "string", "maxLength": 128},
}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "atera_invoicing.api_keys.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        about = "A key from the page API keys: `Authorization: Bearer ati_…`."
        return {"type": "http", "scheme": "bearer", "description": about}


def add_problems(result: dict, generator: Any, request: Any, public: bool) -> dict:
    """Every operation can answer 400, 401, 403, 429; objects 404; writing 409 and 422."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            answers = EVERYWHERE | (ON_OBJECTS if "{id}" in path else {})
            answers |= {} if method == "get" else ON_WRITES
            for status, about in answers.items():
                operation["responses"].setdefault(status, _answer(about))
            if method == "post":
                operation.setdefault("parameters", []).append(KEY_HEADER)
    return result


def _answer(about: str) -> dict:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": about, "content": {MEDIA_TYPE: {"schema": schema}}}

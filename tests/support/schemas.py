"""Validators for the JSON Schemas derived from the CDS Hooks specification, kept in `schemas/`."""

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent / "schemas"


@cache
def validator(name: str) -> Draft202012Validator:
    """A validator for `discovery-response`, `request`, `response`, `hook-contexts` or `feedback-request`."""
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def problems(name: str, body: bytes) -> list[str]:
    """What the schema finds wrong with a JSON body, each with its path; empty when the body is valid."""
    errors = validator(name).iter_errors(json.loads(body))
    return [f"{error.json_path}: {error.message}" for error in errors]

"""Signed calls of the service in the production profile, in process; every answer is held against the document."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from cds_service import __version__
from cds_service.app import Application
from cds_service.web.routes import make_flask
from tests.contract.openapi import Json, describe_interface
from tests.support.tokens import BASE, EHR, NOW, a_client, a_gate

UNLIMITED = {"calls_per_minute": 10**9, "burst": 10**8}


def serve_signed(application: Application, home: Path) -> FlaskClient:
    """The service of `application` as it faces clients, at a fixed time, with its database in `home`."""
    settings = application.settings.model_copy(update={"profile": "production", "public_url": BASE})
    gate = a_gate(home, a_client(trace=True, **UNLIMITED))
    return make_flask(replace(application, settings=settings, gate=gate, clock=lambda: NOW)).test_client()


@dataclass
class Contract:
    """Calls through `client`, checked against `document` and counted by status."""

    client: FlaskClient
    document: Json
    statuses: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, application: Application, home: Path) -> "Contract":
        document = describe_interface(application.release.services, __version__)
        return cls(serve_signed(application, home), document)

    def call(self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json") -> Any:
        """The answer as JSON. Raises `AssertionError` when the document does not allow it."""
        answer = self.client.open(
            path,
            method=method,
            data=body,
            content_type=None if body is None else media_type,
            headers={"Authorization": EHR.bearer(aud=f"{BASE}{path}")},
        )
        self.statuses[answer.status_code] += 1
        return self.check(method, path, answer)

    def check(self, method: str, path: str, answer: TestResponse) -> Any:
        assert answer.status_code < 500, answer.data
        validator = self.validators[path, method.lower(), str(answer.status_code)]
        found = json.loads(answer.data)
        wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(found)]
        assert wrong == [], wrong
        return found

    @cached_property
    def validators(self) -> dict[tuple[str, str, str], Draft202012Validator]:
        """By path, method and status, of the answers in JSON; a JSON answer that is not here is not documented."""
        components = self.document["components"]
        return {
            (path, method, status): Draft202012Validator(
                {**answer["content"]["application/json"]["schema"], "components": components}
            )
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            for status, answer in operation["responses"].items()
            if "application/json" in answer["content"]
        }

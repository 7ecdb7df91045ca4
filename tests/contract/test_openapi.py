"""The described interface is the one that is served."""

import json
from importlib.metadata import entry_points
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from cds_service import __version__
from cds_service.app import Application
from cds_service.web.problems import DOMAIN_PROBLEMS, HTTP_PROBLEMS
from tests.contract.openapi import ERRORS, PAGE, describe_interface

APPS = {entry.name for entry in entry_points(group="cds_service.apps")}


@pytest.fixture(scope="module")
def document(application: Application) -> dict[str, Any]:
    return describe_interface(application.release.services, __version__)


def test_the_page_is_current(document: dict[str, Any]) -> None:
    """After a change of message types, services or errors: `make pages`."""
    assert json.loads(PAGE.read_text("utf-8")) == document


def test_every_schema_is_a_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_route_of_the_service_is_described(document: dict[str, Any], flask_app: Flask) -> None:
    routes = {rule.rule for rule in flask_app.url_map.iter_rules() if rule.endpoint.partition(".")[0] not in APPS}
    named = {route.replace("<service_id>", "medication-order-sign").replace("<id>", "{id}") for route in routes}
    assert named <= set(document["paths"])


def test_every_status_of_the_error_table_is_described() -> None:
    answered = {str(status) for status, _ in DOMAIN_PROBLEMS.values()} | {str(status) for status in HTTP_PROBLEMS}
    assert answered - {"405"} <= set(ERRORS)

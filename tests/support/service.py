"""Fixtures: the service as it runs, with the shipped rules and terminology, in the dev profile."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.app import Application, build
from cds_service.monitoring.meters import Meters
from cds_service.settings import Settings
from cds_service.web.routes import make_flask

__all__ = ["application", "client", "client_of", "flask_app"]


@pytest.fixture(scope="session")
def application() -> Application:
    settings = Settings(profile="dev", allowed_origins=("http://localhost:*", "https://ehr.example.org"))
    return replace(build(settings, write=lambda record, milliseconds: None), meters=Meters())


@pytest.fixture(scope="session")
def flask_app(application: Application) -> Flask:
    return make_flask(application)


@pytest.fixture
def client(flask_app: Flask) -> FlaskClient:
    return flask_app.test_client()


@pytest.fixture
def client_of(application: Application) -> Callable[..., FlaskClient]:
    """A client of the same service with other settings or parts: `client_of({"body_limit": 10}, write=...)`."""

    def make(settings: dict[str, object] | None = None, **parts: object) -> FlaskClient:
        changed = replace(application, settings=application.settings.model_copy(update=settings or {}), **parts)  # type: ignore[arg-type]
        return make_flask(changed).test_client()

    return make

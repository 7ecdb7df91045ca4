"""A fake EHR, and the service's way to it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from cds_service.app import Application
from cds_service.call import Call, Picked, Tools, answer
from cds_service.fhir.fetch import Asker, FallBack, FhirAccess
from cds_service.fhir.read import read_request
from cds_service.fhir.received import Received
from cds_service.hooks.discovery import Service
from cds_service.hooks.request import parse_request
from cds_service.hooks.response import HookResponse
from cds_service.outbound import Outbound
from cds_service.record.decision import DecisionRecord
from tests.support.fake_ehr import EVERYTHING, TOKEN, FakeEhr
from tests.support.requests import Json, body


@pytest.fixture(scope="session")
def http_servers() -> Iterator[tuple[HTTPServer, HTTPServer]]:
    """Two servers on this machine: the EHR and somewhere else."""
    with HTTPServer(host="127.0.0.1", threaded=True) as ehr, HTTPServer(host="127.0.0.1", threaded=True) as other:
        yield ehr, other


@pytest.fixture
def ehr(http_servers: tuple[HTTPServer, HTTPServer]) -> Iterator[FakeEhr]:
    server = http_servers[0]
    server.clear()
    fake = FakeEhr(server)
    server.expect_request(server_path("/fhir/")).respond_with_handler(fake.answer)
    yield fake
    fake.closing.set()


@pytest.fixture
def elsewhere_server(http_servers: tuple[HTTPServer, HTTPServer]) -> HTTPServer:
    """A server that no client lists. It answers anything, and remembers who called."""
    server = http_servers[1]
    server.clear()
    server.expect_request(server_path("/")).respond_with_json({"resourceType": "Bundle", "entry": []})
    return server


def server_path(prefix: str) -> Any:
    import re

    return re.compile(f"^{prefix}.*")


def authorization(**members: Any) -> Json:
    """`fhirAuthorization` as an EHR sends it."""
    return {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": EVERYTHING,
        "subject": "our-client-id",
        "patient": "P1",
        **members,
    }


@dataclass
class Door:
    """The service with a way to the EHR. `records` are the decisions made so far."""

    application: Application
    ehr: FakeEhr
    access: FhirAccess
    dev: bool = True
    seconds: float = 5.0
    records: list[DecisionRecord] = field(default_factory=list)
    client: str = "client-a"
    tenant: str = "client-a"

    def __post_init__(self) -> None:
        self.fall_back = FallBack(Outbound, time.monotonic, self.dev)

    def request(self, hook_request: Json, **members: Any) -> Json:
        """The request with server and token; `members` replace them."""
        return {**hook_request, "fhirServer": self.ehr.base, "fhirAuthorization": authorization(), **members}

    def service(self, hook: str) -> Service:
        return next(each for each in self.application.release.services if each.hook == hook)

    def fetch(self, hook_request: Json, **who: str) -> Received:
        """What the call knows after the fall-back."""
        request = parse_request(body(hook_request), hook_request["hook"])
        templates = self.service(hook_request["hook"]).prefetch
        asker = Asker(who.get("client", self.client), who.get("tenant", self.tenant), self.access)
        deadline = time.monotonic() + self.seconds
        return self.fall_back.fetch(request, templates, asker, read_request(request, templates), deadline)

    def answer(self, hook_request: Json) -> HookResponse:
        """The whole answer of the service."""
        request = parse_request(body(hook_request), hook_request["hook"])
        service = self.service(hook_request["hook"])
        call = Call(
            request=request,
            service=service,
            decision_id="d7a3c6de-0000-4000-8000-000000000001",
            now=self.application.clock(),
            zone=self.application.settings.zone,
            client=self.client,
            tenant=self.tenant,
        )

        def fetch(call: Call, received: Received) -> Received:
            asker = Asker(self.client, self.tenant, self.access)
            deadline = time.monotonic() + self.seconds
            return self.fall_back.fetch(request, service.prefetch, asker, received, deadline)

        return answer(call, Picked(self.application.release), Tools(fetch=fetch, write=self.records.append))


@pytest.fixture
def door(application: Application, ehr: FakeEhr) -> Door:
    return Door(application, ehr, FhirAccess(bases=(ehr.base,)))


@pytest.fixture
def door_with(application: Application, ehr: FakeEhr) -> Callable[..., Door]:
    """A door with other access, deadline or profile."""

    def make(**members: Any) -> Door:
        return Door(application, ehr, **{"access": FhirAccess(bases=(ehr.base,)), **members})

    return make

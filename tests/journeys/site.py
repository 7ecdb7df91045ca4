"""A site with three clients on a real socket: two hospitals, and a group that calls for two tenants.

All three ask the same FHIR server, with the same token; their users and patients have the same ids.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from shutil import copytree
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner
from werkzeug.serving import WSGIRequestHandler, make_server

from cds_service.app import Application, build_server
from cds_service.cli import app
from cds_service.folders import data_folder
from cds_service.monitoring.meters import Meters
from cds_service.settings import Settings
from cds_service.trust.add_client import add_client
from cds_service.web.routes import make_flask
from tests.support.requests import PatientCase, body
from tests.support.tokens import BASE, Signer

SERVICES = {hook: f"{BASE}/cds-services/medication-{hook}" for hook in ("patient-view", "order-select", "order-sign")}
REASON = "benefit-outweighs-risk"
SIGNERS = {
    name: Signer(kind=f"P-384 {name}", kid=name, iss=f"https://{name}.example.org")
    for name in ("general", "county", "group")
}
CHANGE = 'reason = "house policy"\nby = "C. Chief"\n'
ONLY_FOR_ONE = f'[[change]]\nrule = "lithium-nsaid"\n{CHANGE}status = "silent"\n'
NOT_FOR_STUDENTS = (
    f'[[change]]\nrule = "lithium-thiazide"\n{CHANGE}audience = {{ except = {{ role = ["student nurse"] }} }}\n'
)


@dataclass(frozen=True)
class Answered:
    """The cards of one answer, and what they name."""

    cards: list[dict[str, Any]]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [card["extension"]["org.cds-service"] for card in self.cards if "extension" in card]

    @property
    def says(self) -> set[str]:
        """The rules that the cards speak of."""
        return {finding["rule"] for told in self.told for finding in told["findings"]}

    @property
    def decision(self) -> str:
        return str(self.told[0]["decision"])


@dataclass(frozen=True)
class Tenant:
    """Somebody who calls: `general`, or `group/north`, the tenant `north` of a client."""

    name: str
    port: int
    role: str | None = None

    def ask(self, method: str, url: str, content: bytes | None = None, **claims: Any) -> tuple[int, bytes]:
        client, _, tenant = self.name.partition("/")
        now = time.time()
        members: dict[str, Any] = {"aud": url, "iat": now, "exp": now + 300, "tenant": tenant or None, **claims}
        token = SIGNERS[client].bearer(**members)
        connection = HTTPConnection("localhost", self.port, timeout=30)
        try:
            headers = {"Authorization": token, "Content-Type": "application/json"}
            connection.request(method, url.removeprefix(BASE), content, headers)
            with connection.getresponse() as answer:
                return answer.status, answer.read()
        finally:
            connection.close()

    def calls(self, hook: str, request: Mapping[str, Any]) -> Answered:
        told = {"extension": {"org.cds-service": {"role": self.role}}} if self.role else {}
        status, content = self.ask("POST", SERVICES[hook], body({**request, **told}))
        assert status == 200, content
        return Answered(json.loads(content)["cards"])

    def signs(self, patient: PatientCase, **members: Any) -> Answered:
        return self.calls("order-sign", patient.order_sign(**members))

    def picks(self, patient: PatientCase) -> Answered:
        return self.calls("order-select", patient.order_select())

    def opens(self, patient: PatientCase) -> Answered:
        return self.calls("patient-view", patient.patient_view())

    def overrides(self, answered: Answered) -> dict[str, Any]:
        """Override every card with a coded reason; what the service says to that."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        reason = {"reason": {"code": REASON}}
        events = [
            {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": at, "overrideReason": reason}
            for card in answered.cards
        ]
        url = f"{SERVICES['order-sign']}/feedback"
        status, content = self.ask("POST", url, json.dumps({"feedback": events}).encode())
        assert status == 200, content
        told: dict[str, Any] = json.loads(content)
        return told


@dataclass
class Site:
    """The running service. `run` is `cds` on its machine."""

    port: int
    application: Application
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    def tenant(self, name: str, role: str | None = None) -> Tenant:
        return Tenant(name, self.port, role)

    def patient_id(self) -> str:
        """An id that no test had before: it is that of a patient of every tenant."""
        return f"same-{next(self.numbers)}"

    def look(self, path: str) -> str:
        """What somebody on this machine is told at `/health`, `/ready` or `/metrics`."""
        connection = HTTPConnection("localhost", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def run(self, *words: str) -> str:
        """What a command prints."""
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def lines(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*words).splitlines()]


class Silent(WSGIRequestHandler):
    def log_request(self, *_: Any) -> None:
        """Nothing."""


def write_config(folder: Path, ehr: str) -> Path:
    config = folder / "config"
    copytree(data_folder("config"), config)
    text = (config / "clients.toml").read_text()
    for name, signer in SIGNERS.items():
        tenants = ["north", "south"] if name == "group" else []
        entry = {"name": name, "issuers": [signer.iss], "keys": [signer.jwk], "tenants": tenants}
        text = add_client(text, {**entry, "fhir_servers": [ehr], "select_to_sign": True, "burst": 1000}, True)
    (config / "clients.toml").write_text(text)
    for tenant in ("general", "group/north"):
        (config / "tenants" / tenant).mkdir(parents=True)
        (config / "tenants" / tenant / "own.toml").write_text(ONLY_FOR_ONE)
    (config / "site" / "audience.toml").write_text(NOT_FOR_STUDENTS)
    return config


@contextmanager
def a_site(folder: Path, ehr: str) -> Iterator[Site]:
    """The service with clients that trust the FHIR server at `ehr`, its home in `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDS_CONFIG", str(write_config(folder, ehr)))
        patch.setenv("CDS_HOME", str(folder / "home"))
        patch.setenv("CDS_PROFILE", "dev")
        patch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 20.0)  # a busy machine may take longer
        settings = Settings(profile="dev", home=folder / "home", public_url=BASE, answer_within_ms=5000)
        application = build_server(settings, lambda record, milliseconds: None, lambda event, about: None)
        application.start()
        flask = make_flask(replace(application, meters=Meters()))
        server = make_server("localhost", 0, flask, threaded=True, request_handler=Silent)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Site(server.server_port, application)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            application.close()

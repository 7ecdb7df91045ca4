"""`cds clients`: an entry is added and tried out without knowing TOML or JSON Web Keys."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner, Result

from cds_service.cli import app
from cds_service.folders import data_folder
from cds_service.trust.clients import read_clients
from tests.support.tokens import EHR, Signer

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`cds clients ...` in a configuration folder of its own."""
    shipped = (data_folder("config") / "clients.toml").read_text("utf-8")
    (tmp_path / "clients.toml").write_text(shipped)
    monkeypatch.setenv("CDS_CONFIG", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(app, ["clients", *arguments, "--config", str(tmp_path)])


ADD = ("add", "general-hospital", "--issuer", "https://ehr.example.org")


def test_an_added_entry_is_read_by_the_service_and_nothing_else_changes(run: Run, tmp_path: Path) -> None:
    before = (tmp_path / "clients.toml").read_text()
    fhir = ("--fhir-server", "https://ehr.example.org/fhir", "--tenant", "north", "--tenant", "south")
    added = run(*ADD, "--key-set", "https://ehr.example.org/jwks", *fhir, "--dialect", "epic")
    assert added.exit_code == 0, added.output
    text = (tmp_path / "clients.toml").read_text()
    assert text.startswith(before.rstrip())
    (client,) = read_clients(text, is_dev=False)
    assert (client.name, client.tenants, client.dialect) == ("general-hospital", ("north", "south"), "epic")
    assert client.algorithms == ("ES384", "RS384")


def test_keys_exchanged_by_hand_are_taken_from_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [EHR.jwk]}))
    assert run(*ADD, "--keys", str(tmp_path / "keys.json")).exit_code == 0
    second = run("add", "clinic", "--issuer", "https://clinic.example.org", "--keys", str(tmp_path / "keys.json"))
    assert second.exit_code == 0
    hospital, clinic = read_clients((tmp_path / "clients.toml").read_text(), is_dev=False)
    assert hospital.keys == clinic.keys == (EHR.jwk,)
    checked = run("check", "clinic")
    assert checked.exit_code == 0
    assert "ok    key 'key-1' checks ES384" in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "mistake"),
    [
        ((), "found neither key_set nor keys"),
        (("--key-set", "https://ehr.example.org/jwks", "--algorithm", "HS256"), "algorithms[1]: found 'HS256'"),
        (("--key-set", "https://ehr.example.org/jwks", "--dialect", "cerner"), "dialect: found 'cerner'"),
    ],
)
def test_an_entry_that_would_not_be_accepted_is_not_written(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], mistake: str
) -> None:
    before = (tmp_path / "clients.toml").read_text()
    refused = run(*ADD, *arguments)
    assert refused.exit_code == 1
    assert mistake in refused.stderr
    assert (tmp_path / "clients.toml").read_text() == before


def test_a_file_that_is_no_key_set_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("-----BEGIN PUBLIC KEY-----")
    refused = run(*ADD, "--keys", str(tmp_path / "keys.json"))
    assert refused.exit_code == 1
    assert "keys.json: found something that is not JSON, expected a JSON Web Key Set" in refused.stderr


def entry_for(server: HTTPServer, **changed: str) -> tuple[str, ...]:
    options = {"--key-set": server.url_for("/jwks"), "--fhir-server": server.url_for("/fhir"), **changed}
    return (*ADD, *(part for option in options.items() for part in option))


def test_a_good_entry_is_said_to_be_good(run: Run, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/jwks").respond_with_json({"keys": [EHR.jwk, Signer("ES256", "P-256", "old").jwk]})
    statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
    httpserver.expect_request("/fhir/metadata").respond_with_json(statement)
    assert run(*entry_for(httpserver)).exit_code == 0
    checked = run("check", "general-hospital")
    assert checked.exit_code == 0
    assert checked.stdout.splitlines() == [
        "ok    its tokens must say iss = https://ehr.example.org",
        "ok    and aud = http://localhost:8000/cds-services, or that with /<service> for the service called",
        "ok    key 'key-1' checks ES384",
        "note  key 'old' checks ES256, which the entry does not allow",
        f"ok    FHIR server {httpserver.url_for('/fhir')} answers and speaks FHIR 4.0.1",
    ]
    assert {request.path for request, _ in httpserver.log} == {"/jwks", "/fhir/metadata"}


@pytest.mark.parametrize(
    ("key_set", "metadata", "sentences"),
    [
        (None, {"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"}, ["redirects elsewhere", "FHIR 3.0.2"]),
        ({}, {"resourceType": "Bundle"}, ["found JSON without an array 'keys'", "/metadata is a Bundle"]),
        ({"keys": []}, "<html>", ["no key checks ES384 or RS384: every call will be refused", "is this the base URL?"]),
        ({"keys": [EHR.private_jwk]}, None, ["note  not used: key 1 ('key-1'): a private key", "status 404"]),
    ],
)
def test_what_is_wrong_is_said_in_words(
    run: Run, httpserver: HTTPServer, key_set: object, metadata: object, sentences: list[str]
) -> None:
    if key_set is None:
        httpserver.expect_request("/jwks").respond_with_data("", status=302, headers={"Location": "/other"})
    else:
        httpserver.expect_request("/jwks").respond_with_json(key_set)
    if metadata is None:
        httpserver.expect_request("/fhir/metadata").respond_with_data("", status=404)
    elif isinstance(metadata, str):
        httpserver.expect_request("/fhir/metadata").respond_with_data(metadata)
    else:
        httpserver.expect_request("/fhir/metadata").respond_with_json(metadata)
    run(*entry_for(httpserver))
    checked = run("check", "general-hospital")
    assert checked.exit_code == 1
    assert "wrong" in checked.stdout
    assert not [sentence for sentence in sentences if sentence not in checked.stdout], checked.stdout


def test_dangerous_choices_are_pointed_out(run: Run, tmp_path: Path) -> None:
    entry = {"replay": "off", "trace": True, "accept_published_keys": True, "extra_audiences": ["cds"]}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [EHR.jwk]}))
    run(*ADD, "--keys", str(tmp_path / "keys.json"))
    path = tmp_path / "clients.toml"
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in entry.items())
    path.write_text(path.read_text().replace("[[client.keys]]", f"{lines}[[client.keys]]"))
    checked = run("check", "general-hospital").stdout
    for name in entry:
        assert f"note  {name}" in checked


def test_nothing_is_fetched_from_an_address_no_ehr_has(run: Run, tmp_path: Path) -> None:
    run(*ADD, "--key-set", "https://ehr.example.org/jwks", "--fhir-server", "https://user@ehr.example.org/fhir")
    checked = run("check", "general-hospital")
    assert checked.exit_code == 1
    assert "fhir_servers: found 'https://user@ehr.example.org/fhir'" in checked.stderr


def test_a_client_nobody_knows_is_said_to_be_unknown(run: Run) -> None:
    checked = run("check", "hospital")
    assert checked.exit_code == 1
    assert "clients.toml: no client is called 'hospital'; there are: none" in checked.stderr

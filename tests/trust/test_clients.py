"""`clients.toml`: what an entry may say, and how its mistakes are explained."""

import json

import pytest

from cds_service.errors import BadSettings
from cds_service.folders import data_folder
from cds_service.trust.clients import read_clients, refuse_unknown_services
from tests.support.tokens import EHR

MINIMAL = """
[[client]]
name = "general-hospital"
issuers = ["https://ehr.example.org"]
key_set = "https://ehr.example.org/jwks.json"
"""


def mistakes(text: str, is_dev: bool = False) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        read_clients(text, is_dev)
    return str(refused.value).splitlines()


def test_a_client_needs_a_name_an_issuer_and_keys_the_rest_is_closed_by_default() -> None:
    (client,) = read_clients(MINIMAL, is_dev=False)
    assert (client.name, client.issuers, client.key_set) == (
        "general-hospital",
        ("https://ehr.example.org",),
        "https://ehr.example.org/jwks.json",
    )
    assert client.algorithms == ("ES384", "RS384")
    assert (client.tenants, client.extra_audiences, client.fhir_servers, client.origins) == ((), (), (), ())
    assert (client.replay, client.trace, client.accept_published_keys) == ("strict", False, False)
    assert (client.dialect, client.services) == ("standard", None)
    assert client.may_use("medication-order-sign")


def test_a_client_may_say_everything() -> None:
    text = f"""
    [[client]]
    name = "north"
    issuers = ["https://ehr.example.org", "urn:ehr:test"]
    keys = [{json.dumps(EHR.jwk).replace(":", "=").replace('"kty"', "kty")}]
    key_set = "https://ehr.example.org/jwks.json"
    algorithms = ["RS384", "PS384"]
    tenants = ["north", "south"]
    extra_audiences = ["cds"]
    fhir_servers = ["https://ehr.example.org/fhir"]
    oauth_client_id = "cds-service"
    dialect = "epic"
    services = ["medication-order-sign"]
    replay = "same-body"
    calls_per_minute = 60
    burst = 5
    trace = true
    origins = ["https://ehr.example.org"]
    most_cards = {{ order-sign = 3 }}
    select_to_sign = true
    """
    (client,) = read_clients(text, is_dev=False)
    assert client.keys[0]["kid"] == "key-1"
    assert not client.may_use("medication-patient-view")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[[client]", "clients.toml: not readable as TOML"),
        ("[client]\nname = 'a'", "clients.toml: client: found {'name': 'a'}, expected [[client]] entries"),
        ("client = [1]", "clients.toml: client: found [1], expected [[client]] entries"),
        ("clients = []", "clients.toml: found 'clients', expected only [[client]] entries"),
        ("[[client]]\nissuers = ['a']\nkey_set = 'https://a'", "clients.toml: client 1: name: missing"),
        (
            MINIMAL.replace("general-hospital", "General Hospital"),
            "clients.toml: client 'General Hospital': name: found 'General Hospital': String should match pattern",
        ),
        (MINIMAL + "issuer = 'x'", "client 'general-hospital': no key is called 'issuer'; did you mean 'issuers'?"),
        (MINIMAL + "colour = 'x'", "client 'general-hospital': no key is called 'colour'"),
        (MINIMAL.replace('["https://ehr.example.org"]', "[]"), "issuers: found []: Tuple should have at least 1 item"),
        (MINIMAL + "algorithms = ['ES384', 'HS256']", "algorithms[2]: found 'HS256': Input should be 'ES384', 'RS384'"),
        (MINIMAL + "algorithms = ['none']", "algorithms[1]: found 'none'"),
        (MINIMAL + "replay = 'never'", "replay: found 'never': Input should be 'strict', 'same-body' or 'off'"),
        (MINIMAL + "dialect = 'Epic'", "dialect: found 'Epic': Input should be 'standard' or 'epic'"),
        (MINIMAL + "services = []", "services: found []"),
        (MINIMAL + "most_cards = { order-signing = 3 }", "most_cards.order-signing.[key]: found 'order-signing'"),
        (MINIMAL + "most_cards = { order-sign = 0 }", "most_cards.order-sign: found 0"),
        (MINIMAL + "select_to_sign = 'perhaps'", "select_to_sign: found 'perhaps'"),
        (MINIMAL + "calls_per_minute = 0", "calls_per_minute: found 0"),
        (MINIMAL + "tenants = ['']", "tenants[1]: found ''"),
        (
            MINIMAL.replace("key_set", "# key_set"),
            "clients.toml: client 'general-hospital': found neither key_set nor keys, expected the address",
        ),
        (
            MINIMAL.replace("https://ehr.example.org/jwks", "http://ehr.example.org/jwks"),
            "key_set: found 'http://ehr.example.org/jwks.json', expected an https address",
        ),
        (
            MINIMAL.replace("https://ehr.example.org/jwks", "https://ehr.example.org@evil.example/jwks"),
            "expected an https address without user and fragment",
        ),
        (MINIMAL + "keys = [{ kty = 'oct', kid = 'a', k = 'AA' }]", "keys: key 1 ('a'): a symmetric key"),
        (MINIMAL + MINIMAL, "clients.toml: client 'general-hospital': found twice, expected a name of its own"),
        (
            MINIMAL + MINIMAL.replace("general-hospital", "other"),
            "client 'other': issuers: found 'https://ehr.example.org', which client 'general-hospital' has already",
        ),
    ],
)
def test_a_mistake_names_file_entry_and_what_was_found(text: str, mistake: str) -> None:
    assert any(mistake in line for line in mistakes(text)), mistakes(text)


def test_every_mistake_is_listed_not_the_first_only() -> None:
    assert len(mistakes(MINIMAL + "colour = 'x'\nreplay = 'never'\nburst = 0\n[[client]]\nname = 'b'")) == 4


def test_the_secret_of_a_private_key_in_an_entry_is_not_repeated() -> None:
    secret = EHR.private_jwk["d"]
    toml = MINIMAL + "keys = [{ " + ", ".join(f"{name} = '{value}'" for name, value in EHR.private_jwk.items()) + " }]"
    (line,) = mistakes(toml)
    assert "keys: key 1 ('key-1'): a private key" in line
    assert secret not in line
    assert secret not in str(mistakes(MINIMAL + f"keys = '{secret}'"))


def test_a_key_set_may_be_fetched_over_plain_http_in_the_dev_profile_only() -> None:
    text = MINIMAL.replace("https://ehr.example.org/jwks", "http://localhost:8080/jwks")
    assert read_clients(text, is_dev=True)[0].key_set == "http://localhost:8080/jwks.json"
    assert mistakes(text)


def test_a_service_that_is_not_offered_refuses_to_start() -> None:
    clients = read_clients(MINIMAL + "services = ['medication-order-sing']", is_dev=False)
    with pytest.raises(BadSettings, match="services: found 'medication-order-sing', expected medication-order-sign"):
        refuse_unknown_services(clients, ["medication-order-sign"])


def test_the_shipped_file_trusts_nobody() -> None:
    assert read_clients((data_folder("config") / "clients.toml").read_text("utf-8"), is_dev=False) == ()

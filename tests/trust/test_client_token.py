"""What a token must be: each requirement with the value that just holds and the one that just does not."""

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import NotTrusted
from cds_service.trust.client_token import (
    Proven,
    check_audience,
    check_signature,
    check_tenant,
    find_client,
    read_token,
    verify_token,
)
from cds_service.trust.key_set import decode_key_set
from cds_service.trust.key_sources import Enclosed, KeySource
from tests.support.shared import SHARED, needs_shared
from tests.support.tokens import CLOCK, EHR, ISSUER, KEY_SET_URL, SIGN, VIEW, Signer, a_client, enclosed, make_key


class NeverAsked:
    """A key source that must not be asked: the token is to be refused before."""

    def find(self, kid: str) -> Any:
        raise AssertionError(f"asked for {kid}")


def verify(authorization: str | None, source: KeySource | None = None, now: float = CLOCK, **entry: Any) -> Proven:
    client = a_client(**entry)
    return verify_token(authorization, [SIGN], now, {ISSUER: client}, {client.name: source or enclosed(EHR.jwk)})


def why(authorization: str | None, source: KeySource | None = None, **given: Any) -> str:
    with pytest.raises(NotTrusted) as refused:
        verify(authorization, source, **given)
    return refused.value.why


@pytest.mark.requirement("CH-183")
@pytest.mark.requirement("CH-184")
@pytest.mark.requirement("CH-186")
@pytest.mark.parametrize(
    "signer",
    [
        Signer("ES384", "P-384"),
        Signer("RS384", "RSA-2048"),
        Signer("RS384", "RSA-3072"),
        Signer("ES256", "P-256"),
        Signer("RS256", "RSA-2048"),
        Signer("PS384", "RSA-2048"),
    ],
    ids=lambda signer: f"{signer.alg} {signer.kind}",
)
def test_a_signed_token_proves_its_client(signer: Signer) -> None:
    proven = verify(signer.bearer(jti="one"), enclosed(signer.jwk), algorithms=[signer.alg])
    assert (proven.client.name, proven.tenant, proven.jti) == ("general-hospital", None, "one")
    assert proven.usable_until == CLOCK + 300 + 60


@pytest.mark.requirement("CH-190")
def test_only_the_two_recommended_algorithms_are_trusted_unless_the_entry_names_others() -> None:
    for signer in (Signer("ES256", "P-256"), Signer("RS256", "RSA-2048"), Signer("PS384", "RSA-2048")):
        assert "expected ES384, RS384" in why(signer.bearer(), NeverAsked())


@pytest.mark.requirement("CH-190")
def test_the_algorithm_must_fit_the_key() -> None:
    without_alg = {name: value for name, value in EHR.jwk.items() if name != "alg"}
    assert verify(EHR.bearer(), enclosed(without_alg)).client.name == "general-hospital"
    assert "key is for 'ES512'" in why(EHR.bearer(), enclosed({**EHR.jwk, "alg": "ES512"}))
    rsa = Signer("RS384", "RSA-2048")
    assert "signature" in why(rsa.bearer(), enclosed(without_alg))
    small_curve = Signer("ES256", "P-256").jwk | {"alg": None}
    assert "signature" in why(EHR.bearer(), enclosed({k: v for k, v in small_curve.items() if v}))


@pytest.mark.requirement("CH-185")
@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": None}, "header: Object missing required field `typ`"),
        ({"typ": "at+jwt"}, "typ 'at+jwt'"),
        ({"typ": 5}, "header: Expected `str`, got `int`"),
        ({"kid": None}, "header: Object missing required field `kid`"),
        ({"crit": ["exp"]}, "crit: this service knows no critical extension"),
        ({"crit": []}, "crit: this service knows no critical extension"),
        ({"crit": "exp"}, "header: Expected `array | null`, got `str`"),
        ({"jku": "https://ehr.example.org/other.json"}, "jku 'https://ehr.example.org/other.json'"),
        ({"jku": KEY_SET_URL + "/"}, "jku"),
        ({"jku": 5}, "header: Expected `str | null`, got `int`"),
    ],
)
def test_a_wrong_header_is_refused_before_any_key_is_looked_for(header: dict[str, Any], reason: str) -> None:
    assert reason in why(raw(header=header), NeverAsked())


def raw(header: dict[str, Any] | None = None, claims: bytes | dict[str, Any] | None = None) -> str:
    """A token put together by hand, signature and all, to hold what no library would sign."""
    members = {"alg": "ES384", "typ": "JWT", "kid": "key-1", **(header or {})}
    usual = {"iss": ISSUER, "aud": SIGN, "exp": CLOCK + 300, "iat": CLOCK, "jti": "raw"}
    content = claims if isinstance(claims, bytes) else json.dumps({**usual, **(claims or {})}).encode()
    kept = json.dumps({name: value for name, value in members.items() if value is not None}).encode()
    return "Bearer " + ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in (kept, content, b"x" * 96))


@pytest.mark.requirement("CH-192")
def test_the_configured_key_set_address_may_be_named() -> None:
    assert verify(EHR.bearer({"jku": KEY_SET_URL})).client.name == "general-hospital"


@pytest.mark.requirement("CH-192")
def test_a_client_whose_keys_were_exchanged_by_hand_may_name_no_address() -> None:
    assert "jku" in why(EHR.bearer({"jku": KEY_SET_URL}), NeverAsked(), key_set=None, keys=[EHR.jwk])


def test_a_key_that_the_token_brings_counts_for_nothing() -> None:
    thief = Signer(kind="P-384 thief")
    forged = thief.bearer({"jwk": thief.key.as_dict(private=False)})
    assert "signature" in why(forged)


@pytest.mark.requirement("CH-186")
@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": None}, "missing required field `iss`"),
        ({"aud": None}, "missing required field `aud`"),
        ({"exp": None}, "missing required field `exp`"),
        ({"iat": None}, "missing required field `iat`"),
        ({"jti": None}, "missing required field `jti`"),
        ({"jti": ""}, "length >= 1"),
        ({"jti": 7}, "Expected `str`, got `int`"),
        ({"iss": "https://evil.example"}, "iss 'https://evil.example' is not trusted"),
        ({"iss": f"{ISSUER}/"}, "is not trusted"),
        ({"aud": []}, "aud ''"),
        ({"aud": ""}, "aud ''"),
        ({"aud": {"url": SIGN}}, "Expected `str | array`"),
        ({"exp": str(CLOCK)}, "Expected `float`, got `str`"),
        ({"exp": True}, "Expected `float`, got `bool`"),
        ({"iat": "now"}, "Expected `float`, got `str`"),
        ({"tenant": ["north"]}, "Expected `str | null`, got `array`"),
    ],
)
def test_a_missing_or_mistyped_claim_is_refused(claims: dict[str, Any], reason: str) -> None:
    assert reason in why(EHR.bearer(**claims), NeverAsked())


@pytest.mark.requirement("CH-187")
@pytest.mark.parametrize(
    "audience",
    [SIGN, f"{SIGN}/", [SIGN], ["https://elsewhere.example", SIGN], [f"{SIGN}/", "https://elsewhere.example"]],
)
def test_the_endpoint_may_be_one_of_several_audiences_and_end_in_a_slash(audience: str | list[str]) -> None:
    assert verify(EHR.bearer(aud=audience)).client.name == "general-hospital"


@pytest.mark.requirement("CH-187")
@pytest.mark.parametrize(
    "audience",
    [
        VIEW,
        "https://cds.example.org/cds-services",
        "https://cds.example.org",
        f"{SIGN}//",
        f"{SIGN}?x=1",
        SIGN.upper(),
        SIGN.replace("https", "http"),
        SIGN.replace("cds.example.org", "cds.example.org:443"),
        [VIEW],
    ],
)
def test_a_token_for_another_endpoint_is_refused(audience: str | list[str]) -> None:
    assert "aud" in why(EHR.bearer(aud=audience), NeverAsked())


@pytest.mark.requirement("CH-187")
def test_an_entry_may_accept_an_audience_that_is_no_address() -> None:
    assert verify(EHR.bearer(aud="our-cds"), extra_audiences=["our-cds"]).client.name == "general-hospital"
    assert verify(EHR.bearer(), extra_audiences=["our-cds"]).client.name == "general-hospital"
    assert "aud" in why(EHR.bearer(aud="our-cds-2"), NeverAsked(), extra_audiences=["our-cds"])


@pytest.mark.requirement("CH-194")
@pytest.mark.parametrize(
    "times",
    [
        {"exp": CLOCK - 59, "iat": CLOCK - 600},
        {"exp": CLOCK - 59.999, "iat": CLOCK - 600},
        {"iat": CLOCK + 0.5, "exp": CLOCK + 300.5},  # the public Sandbox rounds up
        {"iat": CLOCK + 60},
        {"nbf": CLOCK + 60},
        {"iat": CLOCK, "nbf": CLOCK - 300},  # Epic: five minutes before iat
        {"iat": CLOCK, "exp": CLOCK + 3600},
    ],
)
def test_clocks_may_differ_by_a_minute(times: dict[str, Any]) -> None:
    assert verify(EHR.bearer(**times)).client.name == "general-hospital"


@pytest.mark.requirement("CH-194")
@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({"exp": CLOCK - 60, "iat": CLOCK - 600}, "expired 60 s ago"),
        ({"exp": CLOCK - 86400, "iat": CLOCK - 90000}, "expired"),
        ({"exp": -1, "iat": -300}, "expired"),
        ({"iat": CLOCK + 60.5}, "iat is 60 s ahead"),
        ({"iat": CLOCK + 86400, "exp": CLOCK + 86700}, "iat is 86400 s ahead"),
        ({"nbf": CLOCK + 61}, "nbf is 61 s ahead"),
        ({"exp": CLOCK + 3601}, "lives 3601 s"),
        ({"exp": CLOCK + 86400}, "lives 86400 s"),
        ({"exp": 1e300}, "lives"),
    ],
)
def test_an_expired_early_or_long_lived_token_is_refused(times: dict[str, Any], reason: str) -> None:
    assert reason in why(EHR.bearer(**times), NeverAsked())


@pytest.mark.requirement("CH-194")
def test_a_client_with_tenants_must_name_one_of_them() -> None:
    assert verify(EHR.bearer(tenant="north"), tenants=["north", "south"]).tenant == "north"
    assert "tenant 'west'" in why(EHR.bearer(tenant="west"), NeverAsked(), tenants=["north", "south"])
    assert "tenant 'not named'" in why(EHR.bearer(), NeverAsked(), tenants=["north", "south"])
    assert "lists no tenants" in why(EHR.bearer(tenant="north"), NeverAsked())


@pytest.mark.requirement("CH-188")
@pytest.mark.parametrize("written", ["none", "None", "NONE", ""])
def test_a_token_without_signature_is_refused(written: str) -> None:
    for signature in ("", "AAAA"):
        token = raw({"alg": written}).rpartition(".")[0]
        assert why(f"{token}.{signature}", NeverAsked())


@pytest.mark.requirement("CH-189")
def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    key = make_key("RSA-2048")
    signing_input = raw({"alg": "HS256"}).removeprefix("Bearer ").rpartition(".")[0]
    for secret in (
        key.as_pem(private=False),
        key.as_der(private=False),
        json.dumps(key.as_dict(private=False)).encode(),
    ):
        forged = hmac.new(secret, signing_input.encode(), sha256).digest()
        token = f"{signing_input}.{urlsafe_b64encode(forged).decode().rstrip('=')}"
        assert "alg 'HS256'" in why(f"Bearer {token}", NeverAsked())


@pytest.mark.requirement("CH-184")
def test_a_changed_token_is_refused() -> None:
    header, claims, signature = EHR.token().split(".")
    other = EHR.token(jti="other").split(".")
    assert "signature" in why(f"Bearer {header}.{other[1]}.{signature}")
    assert "signature" in why(f"Bearer {header}.{claims}.{other[2]}")
    assert "signature" in why(f"Bearer {header}.{claims}.{signature[:-4]}")
    assert "signature" in why(f"Bearer {header}.{claims}.{'A' * len(signature)}")
    assert "kid 'key-2' is not in the key set" in why(EHR.bearer({"kid": "key-2"}))


@pytest.mark.requirement("CH-185")
@pytest.mark.parametrize("header", ['"crit":null', '"b64":false', '"x5c":5', '"jwk":"key"', '"x5u":5', '"b64":1'])
def test_a_header_the_standard_of_signatures_forbids_is_refused(header: str) -> None:
    members = f'{{"alg":"ES384","typ":"JWT","kid":"key-1",{header}}}'
    encoded = urlsafe_b64encode(members.encode()).decode().rstrip("=")
    assert "signature: " in why(f"Bearer {encoded}.{'.'.join(EHR.token().split('.')[1:])}")


@pytest.mark.requirement("CH-184")
def test_the_key_of_another_client_opens_nothing() -> None:
    assert "signature" in why(EHR.bearer(key=Signer(kind="P-384 thief").key))


@pytest.mark.requirement("CH-183")
@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "no Authorization header"),
        ("", "not one signed token"),
        ("Bearer", "not one signed token"),
        ("Bearer ", "not one signed token"),
        ("Basic dXNlcjpzZWNyZXQ=", "not one signed token"),
        ("Bearer a.b", "not one signed token"),
        ("Bearer a.b.c.d", "not one signed token"),
        ("Bearer a.b.c.d.e", "not one signed token"),
        ("Bearer ä.b.c", "not one signed token"),
        ("Bearer a.b.c", "header: not JSON"),
        ("Bearer bnVsbA.b.c", "header: Expected `object`, got `null`"),
        (raw(claims=b"[]"), "claims: Expected `object`, got `array`"),
        (raw(claims=b"{"), "claims: not JSON"),
        (raw(claims=b'{"iss":"\xff"}'), "claims: not JSON"),
        (raw(claims=b'{"x":' + b"[" * 2000), "claims: not JSON"),
        (raw(claims=b'{"exp":1' + b"0" * 400 + b"}"), "claims: Number out of range"),
    ],
)
def test_what_is_no_token_is_refused(authorization: str | None, reason: str) -> None:
    assert reason in why(authorization, NeverAsked())


def test_two_authorization_headers_are_refused() -> None:
    assert "not one signed token" in why(f"{EHR.bearer()},{EHR.bearer()}", NeverAsked())
    assert "not one signed token" in why(f"{EHR.bearer()}, {EHR.bearer()}", NeverAsked())


def test_an_oversized_token_is_refused_unread() -> None:
    big = EHR.bearer(note="x" * 4096)
    assert f"Authorization of {len(big)} characters" in why(big, NeverAsked())
    assert verify(EHR.bearer(note="x" * 2000)).client.name == "general-hospital"


def test_the_name_of_the_scheme_may_be_written_in_any_case() -> None:
    assert verify(f"bearer {EHR.token()}").client.name == "general-hospital"


def test_claims_and_headers_nobody_asked_for_are_no_error() -> None:
    assert verify(EHR.bearer({"x5t": "abc", "vendor": True}, sub="ehr", vendor={"a": 1})).client.name


@given(st.text(max_size=200) | st.builds("Bearer {}.{}.{}".format, *[st.text("eyJhbGci_-0", max_size=40)] * 3))
def test_any_text_is_refused_with_a_reason(authorization: str) -> None:
    assert why(authorization, NeverAsked())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["iss", "aud", "exp", "iat", "jti", "nbf", "tenant"]), inner, max_size=7)
        ),
        max_leaves=12,
    )
)
def test_any_claims_are_refused_with_a_reason(claims: Any) -> None:
    assert why(raw(claims=json.dumps(claims).encode()), NeverAsked())


@needs_shared
@pytest.mark.shared
@pytest.mark.requirement("CH-184")
def test_the_published_example_of_the_standard_verifies() -> None:
    examples = SHARED / "data" / "cds-hooks" / "examples"
    vector = json.loads((examples / "vectors.crypto.json").read_text())["cds_hooks_example_jwt"]
    keys = Enclosed(decode_key_set((examples / vector["verifies_with"]).read_bytes(), accept_published=False))
    client = a_client(
        issuers=["https://fhir-ehr.example.com/"],
        key_set="https://fhir-ehr.example.com/jwk_uri",
        tenants=["2ddd6c3a-8e9a-44c6-a305-52111ad302a2"],
    )
    audience = "https://cds.example.org/cds-services/some-service"
    clients, sources = {client.issuers[0]: client}, {client.name: keys}
    header = f"Bearer {vector['token']}"
    # The example lives 3.5 years; with the clock just before its end only that is wrong, and it is found before the
    # signature. So the signature is checked for itself, without any claim of time.
    with pytest.raises(NotTrusted, match="authentication failed") as refused:
        verify_token(header, [audience], 1422568800, clients, sources)
    assert refused.value.why == "lives 111287890 s, expected at most 3600 s from iat to exp"
    token = read_token(header)
    assert find_client(token, clients) == client
    check_audience(token.claims, [audience])
    check_tenant(token.claims, client)
    check_signature(token, keys.find("example-kid"))
    with pytest.raises(NotTrusted):
        check_signature(read_token(header[:-2] + "AA"), keys.find("example-kid"))

"""Which keys of a client's key set can be believed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from cds_service.trust.key_set import BadKeySet, decode_key_set, read_key_set
from tests.support.shared import SHARED, needs_shared
from tests.support.tokens import EHR, Signer

OTHER = Signer("RS384", "RSA-2048", kid="key-2")
# As the Sandbox publishes it; its private half lies in the same public repository (github.com/cds-hooks/sandbox).
SANDBOX_KEY = {
    "kty": "EC",
    "use": "sig",
    "crv": "P-384",
    "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
    "alg": "ES384",
}
EARLIER_SANDBOX_KEY = {
    "kty": "EC",
    "use": "sig",
    "crv": "P-256",
    "kid": "d9cd3c4f-eb08-4304-b973-44f352fd2ca2",
    "x": "QWI9fI8TcNtdikhVs_M1N_Szb7BOj19etvIKfrQMa9k",
    "y": "jDkhk_Z2RZZ5L5rN4vd1_i-RJLn3EfEhDcy7iFBg--I",
    "alg": "ES256",
}


def test_public_keys_are_found_by_their_kid() -> None:
    known = read_key_set({"keys": [EHR.jwk, OTHER.jwk]}, accept_published=False)
    assert (set(known.keys), known.ignored) == ({"key-1", "key-2"}, ())


@pytest.mark.requirement("CH-197")
@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (OTHER.private_jwk, "key 2 ('key-2'): a private key"),
        ({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}, "key 2 ('secret'): a symmetric key"),
        ({**OTHER.jwk, "kid": None}, "key 2: no kid"),
        ({**OTHER.jwk, "kid": ""}, "key 2 (''): no kid"),
        ({**OTHER.jwk, "kid": ["key-2"]}, "key 2: no kid"),
        ({**OTHER.jwk, "use": "enc"}, "not for signatures"),
        ({**OTHER.jwk, "key_ops": ["encrypt"]}, "not for checking signatures"),
        ({**OTHER.jwk, "key_ops": 5}, "not for checking signatures"),
        ({**OTHER.jwk, "n": "AQAB"}, "its numbers are no key"),
        ({**OTHER.jwk, "n": 5}, "its numbers are no key"),
        ({"kty": "RSA", "kid": "key-2"}, "its numbers are no key"),
        ({**EHR.jwk, "kid": "key-2", "crv": "P-999"}, "its numbers are no key"),
        ({**EHR.jwk, "kid": "key-2", "x": EHR.jwk["y"]}, "its numbers are no key"),
        ({"kty": "OKP", "crv": "Ed25519", "kid": "key-2", "x": "AA"}, "found kty 'OKP'"),
        ({"kty": ["EC"], "kid": "key-2"}, "found kty"),
        ("text", "key 2: found no JSON object"),
        (SANDBOX_KEY, "the key of the public CDS Hooks Sandbox (ES384)"),
        (EARLIER_SANDBOX_KEY, "the key of the public CDS Hooks Sandbox of earlier years"),
    ],
)
def test_a_key_that_cannot_be_believed_is_left_out_with_its_reason(entry: Any, reason: str) -> None:
    known = read_key_set({"keys": [EHR.jwk, entry]}, accept_published=False)
    assert set(known.keys) == {"key-1"}
    (ignored,) = known.ignored
    assert reason in ignored


@pytest.mark.filterwarnings("ignore:.*2048 bits")
def test_a_short_rsa_key_is_left_out() -> None:
    short = {**RSAKey.generate_key(1024).as_dict(private=False), "kid": "short"}
    assert read_key_set({"keys": [short]}, accept_published=False).ignored == (
        "key 1 ('short'): an RSA key of 1024 bits, expected at least 2048",
    )


@pytest.mark.requirement("CH-197")
def test_two_keys_of_one_name_are_both_left_out_a_private_twin_counts_too() -> None:
    for twin in ({**OTHER.jwk, "kid": "key-1"}, EHR.private_jwk):
        known = read_key_set({"keys": [EHR.jwk, twin, OTHER.jwk]}, accept_published=False)
        assert set(known.keys) == {"key-2"}
        assert len(known.ignored) == 2


def test_the_key_of_the_sandbox_is_used_when_the_entry_says_so() -> None:
    known = read_key_set({"keys": [SANDBOX_KEY, EARLIER_SANDBOX_KEY]}, accept_published=True)
    assert set(known.keys) == {SANDBOX_KEY["kid"], EARLIER_SANDBOX_KEY["kid"]}


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("name", ["security.client-jwks-public", "smart.jwks.ES384.public", "smart.jwks.RS384.public"])
def test_published_key_sets_are_read(name: str) -> None:
    known = decode_key_set((SHARED / "data" / "cds-hooks" / "examples" / f"{name}.json").read_bytes(), False)
    assert known.keys
    assert known.ignored == ()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "something that is not JSON"),
        (b"<html>", "something that is not JSON"),
        (b"\xff", "something that is not JSON"),
        (b"[" * 100_000, "something that is not JSON"),
        (b"[]", "JSON without an array 'keys'"),
        (b"{}", "JSON without an array 'keys'"),
        (b'{"keys": {}}', "JSON without an array 'keys'"),
    ],
)
def test_what_is_no_key_set_is_said_to_be_none(body: bytes, found: str) -> None:
    with pytest.raises(BadKeySet, match=found):
        decode_key_set(body, accept_published=False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["EC", "RSA", "P-384", "AQAB"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kty", "kid", "crv", "x", "y", "n", "e", "use", "key_ops", "alg"]), inner)
    ),
    max_leaves=10,
)


@given(st.lists(JSON, max_size=4))
def test_any_keys_are_used_or_left_out_with_a_reason(entries: list[Any]) -> None:
    known = decode_key_set(json.dumps({"keys": entries}).encode(), accept_published=False)
    assert len(known.keys) + len(known.ignored) == len(entries)

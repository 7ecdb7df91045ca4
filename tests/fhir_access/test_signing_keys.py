"""Our own keys: private to their owner, published without their private half, rotated with an overlap."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, RSAKey
from typer.testing import CliRunner

from cds_service.cli import app as cds
from cds_service.trust import signing_keys
from cds_service.trust.signing_keys import BadKeys, create_keys, key_set, published, read_keys, rotate_keys, signing_key

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys made here are small, so that tests are quick; one test makes them as large as they really are."""
    monkeypatch.setattr(signing_keys, "RSA_BITS", 2048)
    return tmp_path / "keys"


def test_without_a_folder_there_are_no_keys(folder: Path) -> None:
    assert read_keys(folder) == ()
    assert json.loads(key_set(read_keys(folder))) == {"keys": []}


def test_the_first_keys_sign_with_both_algorithms_of_smart(tmp_path: Path) -> None:
    create_keys(tmp_path, NOW)
    keys = read_keys(tmp_path)
    elliptic, rsa = signing_key(keys, "ES384"), signing_key(keys, "RS384")
    assert elliptic is not None
    assert rsa is not None
    assert isinstance(elliptic.key, ECKey)
    assert isinstance(rsa.key, RSAKey)
    assert elliptic.key.as_dict(private=False)["crv"] == "P-384"
    assert rsa.key.raw_value.key_size == 3072
    assert signing_key(keys, "HS256") is None


def test_only_the_owner_can_read_them(folder: Path) -> None:
    create_keys(folder, NOW)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_key_file_that_others_can_read_is_refused(folder: Path) -> None:
    create_keys(folder, NOW)
    path = next(folder.iterdir())
    path.chmod(0o640)
    with pytest.raises(BadKeys, match="others can read this private key; expected mode 0600"):
        read_keys(folder)


@pytest.mark.parametrize("content", ["", "{}", '{"created": "now", "key": {}}', '{"created": "2026-11-20", "key": {}}'])
def test_a_file_that_is_no_key_is_named(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / "odd.json").write_text(content)
    os.chmod(folder / "odd.json", 0o600)
    with pytest.raises(BadKeys, match=r"odd\.json: not a key file of this service"):
        read_keys(folder)


def test_what_is_published_has_no_private_part(folder: Path) -> None:
    create_keys(folder, NOW)
    keys = json.loads(key_set(read_keys(folder)))["keys"]
    assert [(each["kty"], each["alg"], each["use"]) for each in keys] == [
        ("EC", "ES384", "sig"),
        ("RSA", "RS384", "sig"),
    ]
    assert all(not PRIVATE_MEMBERS & set(each) for each in keys)
    assert {frozenset(each) - {"alg", "use", "kid", "kty"} for each in keys} == {
        frozenset({"crv", "x", "y"}),
        frozenset({"n", "e"}),
    }


def test_a_representation_shows_no_key(folder: Path) -> None:
    own = create_keys(folder, NOW)[0]
    assert repr(own) == f"OwnKey({own.kid}, ES384)"


def test_a_rotation_signs_with_the_new_key_and_still_publishes_the_last(folder: Path) -> None:
    first = create_keys(folder, NOW)
    second = rotate_keys(folder, NOW + DAY)
    keys = read_keys(folder)
    assert signing_key(keys, "ES384") is not None
    assert [own.kid for own in published(keys)] == [second[0].kid, first[0].kid, second[1].kid, first[1].kid]
    third = rotate_keys(folder, NOW + 2 * DAY)
    assert {own.kid for own in read_keys(folder)} == {own.kid for own in (*second, *third)}


def test_keys_are_not_made_twice_nor_rotated_before_they_are_made(folder: Path) -> None:
    with pytest.raises(BadKeys, match="`cds keys create` makes the first"):
        rotate_keys(folder, NOW)
    create_keys(folder, NOW)
    with pytest.raises(BadKeys, match="`cds keys rotate`"):
        create_keys(folder, NOW)


def test_the_command_makes_and_rotates_keys_in_the_home_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_HOME", str(tmp_path))
    runner = CliRunner()
    made = runner.invoke(cds, ["keys", "create"])
    assert made.exit_code == 0
    kids = {own.kid for own in read_keys(folder)}
    assert all(kid in made.output for kid in kids)
    assert runner.invoke(cds, ["keys", "create"]).exit_code == 1
    assert runner.invoke(cds, ["keys", "rotate"]).exit_code == 0
    assert len(read_keys(folder)) == 4


def test_anyone_may_read_the_key_set_and_it_follows_a_rotation(
    client_of: Callable[..., FlaskClient], tmp_path: Path, folder: Path
) -> None:
    client = client_of({"home": tmp_path})
    assert client.get("/.well-known/jwks.json").json == {"keys": []}
    create_keys(folder, NOW)
    answer = client.get("/.well-known/jwks.json", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert answer.status_code == 200
    assert len(answer.json["keys"]) == 2
    assert answer.headers["Cache-Control"] == "public, max-age=300"

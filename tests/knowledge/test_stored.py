"""A release as bytes: everything comes back, and nothing else is taken for it."""

import json
from dataclasses import replace

import pytest

from cds_service.errors import BadRelease
from cds_service.knowledge.compile import compile_release
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Line, Operator
from cds_service.knowledge.stored import read_release, read_versions, write_release
from tests.knowledge.shelves import load_shelf
from tests.support.small_terminology import SmallTerminology


@pytest.fixture(scope="module")
def release() -> Release:
    return compile_release(load_shelf(), SmallTerminology())


def test_a_release_comes_back_as_it_was(release: Release) -> None:
    again = read_release(write_release(release), release.terminology)
    assert again == release
    assert again.terminology is release.terminology


def test_equal_releases_are_equal_bytes(release: Release) -> None:
    stored = write_release(release)
    assert write_release(compile_release(load_shelf(), SmallTerminology())) == stored
    assert write_release(read_release(stored, release.terminology)) == stored


def test_equal_parts_are_one_again(release: Release) -> None:
    again = read_release(write_release(release), release.terminology)
    reached = again.index.by_ingredient["11289"]
    assert any(rule is again.rules["warfarin-nsaid"] for rule in reached)


def test_a_whole_number_a_fraction_and_a_yes_stay_what_they_are(release: Release) -> None:
    rule = release.rules["warfarin-nsaid"]
    for operand in (1, 1.0, True):
        changed = replace(rule, all=(Line("inr", Operator.IS, operand),))
        stored = write_release(replace(release, rules={**release.rules, rule.id: changed}))
        (found,) = read_release(stored, release.terminology).rules[rule.id].all
        assert isinstance(found, Line)
        assert type(found.operand) is type(operand)


@pytest.mark.parametrize("stored", [b"", b"{}", b"[]", b"\xff", b'{"digest": 1, "terminology": "", "content": {}}'])
def test_other_bytes_are_no_release(stored: bytes, release: Release) -> None:
    with pytest.raises(BadRelease, match="not a release file"):
        read_release(stored, release.terminology)
    with pytest.raises(BadRelease, match="not a release file"):
        read_versions(stored)


def test_the_versions_of_rules_are_read_without_the_release(release: Release) -> None:
    assert read_versions(write_release(release)) == {rule.id: rule.version for rule in release.rules.values()}


def test_a_changed_release_is_refused(release: Release) -> None:
    with pytest.raises(BadRelease, match="changed after it was written"):
        read_release(write_release(release).replace(b"major", b"minor", 1), release.terminology)


def test_a_release_of_another_drug_index_is_refused(release: Release) -> None:
    class Another(SmallTerminology):
        digest = "another"

    with pytest.raises(BadRelease, match="another terminology index"):
        read_release(write_release(release), Another())


def test_a_release_of_other_classes_is_refused(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = write_release(release)
    monkeypatch.setattr("cds_service.knowledge.stored.SHAPES", {})
    with pytest.raises(BadRelease, match="written by another version"):
        read_release(stored, release.terminology)


def test_what_a_release_cannot_hold_is_named(release: Release) -> None:
    with pytest.raises(TypeError, match="a release cannot hold a bytes"):
        write_release(replace(release, sources=b"raw"))  # type: ignore[arg-type]


def test_the_bytes_are_plain_json(release: Release) -> None:
    assert set(json.loads(write_release(release))) == {"digest", "terminology", "content"}

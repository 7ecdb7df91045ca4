"""From a draft to what answers and back, on both databases."""

from dataclasses import replace
from datetime import UTC
from queue import SimpleQueue
from zlib import compress

import pytest
from sqlalchemy import delete, update

from cds_service.edge import follow_releases, tell_of_newer_folders
from cds_service.errors import BadRelease, BadSettings
from cds_service.governance.releases import (
    AUTOMATIC,
    EVERYBODY,
    NotAllowed,
    Word,
    activate,
    approve,
    begin_log,
    is_approved,
    is_genuine,
    keep_draft,
    keep_shipped,
    open_release,
    roll_back,
    switch_automatically,
)
from cds_service.knowledge.release import Release
from cds_service.store.releases import APPROVED, ActivatedMeanwhile, Activation, Kept, NoSuchRelease
from cds_service.store.tables import ACTIVATIONS, RELEASES
from tests.governance.conftest import QUIETER, Ward, bleeding


def drafted(ward: Ward, release: Release) -> Kept:
    """The release as a draft on what the data folders hold."""
    keep_shipped(ward.releases, ward.store.ring, ward.shipped, ward.clock.now)
    begin_log(ward.releases, ward.store.ring, ward.shipped.digest, ward.clock.now)
    return keep_draft(ward.releases, release, ward.shipped.digest, QUIETER, ward.word())


def approved(ward: Ward, release: Release) -> Kept:
    kept = drafted(ward, release)
    approve(ward.releases, ward.store.ring, kept, ["Ann Author"], ward.word("Bo Reviewer"))
    return ward.releases.find(kept.digest)


def put(ward: Ward, kept: Kept, percent: int = EVERYBODY, salt: str = "salt") -> Activation:
    return activate(ward.releases, ward.store.ring, kept, percent, ward.word("Bo Reviewer"), salt)


def test_a_kept_release_answers_as_it_did(ward: Ward, quieter: Release) -> None:
    kept = drafted(ward, quieter)
    again = open_release(ward.releases, kept.digest, ward.shipped.terminology)
    assert again == quieter
    assert ward.releases.find(kept.digest[:10]) == kept
    assert (kept.base, kept.overlay, kept.author) == (ward.shipped.digest, QUIETER, "Ann Author")


def test_the_author_cannot_approve_however_the_name_is_written(ward: Ward, quieter: Release) -> None:
    kept = drafted(ward, quieter)
    for name in ("Ann Author", " ann  AUTHOR "):
        with pytest.raises(NotAllowed, match="somebody else must approve"):
            approve(ward.releases, ward.store.ring, kept, [], ward.word(name))


def test_who_wrote_a_change_cannot_approve_a_draft_that_somebody_else_made(ward: Ward, quieter: Release) -> None:
    with pytest.raises(NotAllowed, match="somebody else must approve"):
        approve(ward.releases, ward.store.ring, drafted(ward, quieter), ["Bo Reviewer"], ward.word("Bo Reviewer"))


def test_nobody_approves_nothing(ward: Ward, quieter: Release) -> None:
    kept = drafted(ward, quieter)
    with pytest.raises(NotAllowed, match="name of a person"):
        approve(ward.releases, ward.store.ring, kept, [], ward.word(" "))
    approve(ward.releases, ward.store.ring, kept, [], ward.word("Bo Reviewer"))
    with pytest.raises(NotAllowed, match="not a draft"):
        approve(ward.releases, ward.store.ring, kept, [], ward.word("Cy Third"))
    assert ward.releases.find(kept.digest).approver == "Bo Reviewer"


def test_a_draft_is_not_put_in_force(ward: Ward, quieter: Release) -> None:
    with pytest.raises(NotAllowed, match="approve"):
        put(ward, drafted(ward, quieter))


def test_the_same_release_is_not_drafted_twice(ward: Ward, quieter: Release) -> None:
    kept = drafted(ward, quieter)
    with pytest.raises(NotAllowed, match=f"kept already .* next: `cds release approve {kept.digest[:12]}`"):
        drafted(ward, quieter)
    approve(ward.releases, ward.store.ring, kept, ["Ann Author"], ward.word("Bo Reviewer"))
    put(ward, ward.releases.find(kept.digest))
    with pytest.raises(NotAllowed, match="is in force: nothing would change"):
        drafted(ward, quieter)


@pytest.mark.parametrize(("who", "why"), [("", "a reason"), ("Ann Author", " ")])
def test_a_step_without_a_name_or_a_reason_is_refused(ward: Ward, quieter: Release, who: str, why: str) -> None:
    with pytest.raises(NotAllowed, match="a name and a reason are needed"):
        keep_draft(ward.releases, quieter, None, "", Word(who, why, 0.0))
    kept = approved(ward, quieter)
    with pytest.raises(NotAllowed, match="a name and a reason are needed"):
        activate(ward.releases, ward.store.ring, kept, 100, Word(who, why, 0.0), "salt")


def test_a_worker_takes_what_was_put_in_force_and_what_was_taken_back(ward: Ward, quieter: Release) -> None:
    worker = ward.follow()
    worker.look()
    assert worker.arms.control is ward.shipped
    put(ward, approved(ward, quieter))
    worker.look()
    assert worker.arms.control == quieter
    assert ward.sign(bleeding()).release_digest == quieter.digest
    roll_back(ward.releases, ward.store.ring, ward.word())
    worker.look()
    assert worker.arms.control.digest == ward.shipped.digest


def test_taking_back_twice_does_not_bring_the_first_one_back(ward: Ward, quieter: Release, lesser: Release) -> None:
    put(ward, approved(ward, quieter))
    put(ward, approved(ward, lesser))
    first, second = (roll_back(ward.releases, ward.store.ring, ward.word()) for _ in range(2))
    assert (first.control, second.control) == (quieter.digest, ward.shipped.digest)
    with pytest.raises(NotAllowed, match="nothing was in force before"):
        roll_back(ward.releases, ward.store.ring, ward.word())


def test_a_wider_canary_keeps_its_salt_and_is_taken_back_to_the_narrower(ward: Ward, quieter: Release) -> None:
    kept = approved(ward, quieter)
    narrow = put(ward, kept, 10, "one")
    wide = put(ward, kept, 50, "two")
    assert (narrow.salt, wide.salt, wide.candidate, wide.control) == ("one", "one", kept.digest, ward.shipped.digest)
    assert roll_back(ward.releases, ward.store.ring, ward.word()).percent == 10


def test_a_share_needs_something_else_in_force(ward: Ward, quieter: Release) -> None:
    kept = approved(ward, quieter)
    put(ward, kept)
    with pytest.raises(NotAllowed, match="another release"):
        put(ward, kept, 10)


def test_two_activations_at_one_moment_do_not_both_count(ward: Ward, quieter: Release) -> None:
    put(ward, approved(ward, quieter))
    last = ward.releases.last()
    assert last is not None
    with pytest.raises(ActivatedMeanwhile):
        ward.releases.append(last)


def test_an_activation_that_was_changed_is_not_taken_and_what_answers_goes_on(ward: Ward, quieter: Release) -> None:
    worker = ward.follow()
    entry = put(ward, approved(ward, quieter))
    with ward.store.database.begin() as connection:
        connection.execute(update(ACTIVATIONS).where(ACTIVATIONS.c.number == entry.number).values(who="Mallory"))
    with pytest.raises(BadRelease, match="not signed"):
        worker.look()
    assert worker.arms.control is ward.shipped


@pytest.mark.parametrize("written", [{"state": "approved", "approver": "Dr Ghost"}, {"state": "shipped"}])
def test_an_approval_that_nobody_signed_puts_nothing_in_force_until_somebody_approves(
    ward: Ward, quieter: Release, written: dict[str, str]
) -> None:
    kept = drafted(ward, quieter)
    with ward.store.database.begin() as connection:
        connection.execute(update(RELEASES).where(RELEASES.c.digest == kept.digest).values(**written))
    forged = ward.releases.find(kept.digest)
    with pytest.raises(NotAllowed, match=f"stands as {forged.state}, and no key of this ring signed that"):
        put(ward, forged)
    with pytest.raises(NotAllowed, match="somebody else must approve"):
        approve(ward.releases, ward.store.ring, forged, [], ward.word("Ann Author"))
    approve(ward.releases, ward.store.ring, forged, [], ward.word("Bo Reviewer"))
    assert put(ward, ward.releases.find(kept.digest)).control == quieter.digest


def test_an_approval_whose_name_or_time_was_changed_counts_no_more(ward: Ward, quieter: Release) -> None:
    kept = approved(ward, quieter)
    assert is_approved(ward.store.ring, kept)
    for changed in (replace(kept, approver="Dr Ghost"), replace(kept, approved=1.0), replace(kept, digest="ab" * 32)):
        assert not is_approved(ward.store.ring, changed)


def test_a_worker_does_not_go_back_because_the_log_was_shortened(ward: Ward, quieter: Release) -> None:
    put(ward, approved(ward, quieter))
    worker = ward.follow()
    worker.look()
    with ward.store.database.begin() as connection:
        connection.execute(delete(ACTIVATIONS).where(ACTIVATIONS.c.number == 2))
    with pytest.raises(BadRelease, match="activation 2 was put in force and is not in the log any more"):
        worker.look()
    assert worker.arms.control == quieter


def test_the_log_names_both_releases_of_a_canary(ward: Ward, quieter: Release) -> None:
    told: list[tuple[str, str]] = []
    put(ward, approved(ward, quieter), 10)
    ward.follow(told).look()
    control, candidate = ward.shipped.digest[:12], quieter.digest[:12]
    assert told == [("release in force", f"{control}, beside it {candidate} for 10 % of the patients")]


def test_a_release_whose_content_was_changed_is_not_taken(ward: Ward, quieter: Release, lesser: Release) -> None:
    entry = put(ward, approved(ward, quieter))
    drafted(ward, lesser)
    with ward.store.database.begin() as connection:
        other = connection.execute(RELEASES.select().where(RELEASES.c.digest == lesser.digest)).one().content
        connection.execute(update(RELEASES).where(RELEASES.c.digest == quieter.digest).values(content=other))
    assert not is_genuine(ward.releases, ward.store.ring, entry)
    with pytest.raises(BadRelease, match="has the content of release"):
        open_release(ward.releases, quieter.digest, ward.shipped.terminology)


def test_a_worker_tells_once_why_it_takes_no_other_release(ward: Ward, quieter: Release) -> None:
    told: list[tuple[str, str]] = []
    worker = ward.follow(told)
    for _ in range(2):
        worker._note("the reason")
    assert (told, worker.trouble) == ([("release not taken", "the reason")], "the reason")


def test_a_switch_of_the_service_itself_is_signed_as_automatic(ward: Ward, quieter: Release) -> None:
    drafted_base = ward.shipped
    keep_shipped(ward.releases, ward.store.ring, drafted_base, ward.clock.now)
    begin_log(ward.releases, ward.store.ring, drafted_base.digest, ward.clock.now)
    entry = switch_automatically(ward.releases, ward.store.ring, quieter, "drift", ward.clock.now)
    assert (entry.who, entry.why, entry.control) == (AUTOMATIC, "drift", quieter.digest)
    assert is_genuine(ward.releases, ward.store.ring, entry)
    assert ward.releases.find(quieter.digest).state == APPROVED


@pytest.mark.parametrize(("name", "says"), [("", "expected the digest"), ("%", "expected"), ("abc", "there is none")])
def test_a_name_that_is_no_release_is_refused(ward: Ward, name: str, says: str) -> None:
    with pytest.raises(NoSuchRelease, match=says):
        ward.releases.find(name)


def test_first_digits_that_several_share_are_refused(ward: Ward) -> None:
    for digest in ("ab" * 32, "ab" * 31 + "ac"):
        ward.releases.keep(Kept(digest, 0.0, None, "", "", "", "draft"), b"")
    with pytest.raises(NoSuchRelease, match="several begin so"):
        ward.releases.find("abab")


def test_folders_that_hold_something_else_than_what_is_in_force_are_told_of(ward: Ward, quieter: Release) -> None:
    told: list[tuple[str, str]] = []

    def start(shipped: Release) -> list[tuple[str, str]]:
        tell_of_newer_folders(ward.releases, shipped, lambda event, about: told.append((event, about)))
        return told

    edited = replace(ward.shipped, digest="ab" * 32, sources="cd" * 32)
    assert start(edited) == []  # nothing was activated: the folders answer
    put(ward, approved(ward, quieter))
    assert start(ward.shipped) == []  # what the release in force was made from
    assert start(replace(ward.shipped, digest="ab" * 32)) == []  # the same files after a change in them has ended
    assert start(quieter) == []
    assert [event for event, _ in start(edited)] == ["data folders not in force"]


def test_folders_are_told_of_when_nobody_can_read_what_is_in_force(ward: Ward, quieter: Release) -> None:
    told: list[str] = []
    put(ward, approved(ward, quieter))
    with ward.store.database.begin() as connection:
        connection.execute(update(RELEASES).values(content=compress(b"of another version")))
    edited = replace(ward.shipped, digest="ab" * 32)
    tell_of_newer_folders(ward.releases, edited, lambda event, about: told.append(event))
    assert told == ["data folders not in force"]


def test_a_server_does_not_start_with_another_release_than_the_one_in_force(ward: Ward, quieter: Release) -> None:
    put(ward, approved(ward, quieter))
    told: list[str] = []
    in_force = follow_releases(
        ward.store, ward.shipped, lambda release: release, UTC, lambda event, about: told.append(event)
    )
    assert (in_force.arms.control, told) == (quieter, ["release in force"])
    with ward.store.database.begin() as connection:
        connection.execute(update(ACTIVATIONS).values(who="Mallory"))
    with pytest.raises(BadSettings, match="not signed"):
        follow_releases(ward.store, ward.shipped, lambda release: release, UTC, lambda event, about: None)


def test_a_running_worker_looks_by_itself_and_outlives_what_it_cannot_take(
    ward: Ward, quieter: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.governance.activate.LOOK_EVERY_S", 0.01)
    kept = approved(ward, quieter)
    worker = ward.follow()
    heard: SimpleQueue[str] = SimpleQueue()
    worker.tell = lambda event, about: heard.put(event)
    worker.look()
    worker.start()
    try:
        assert heard.get(timeout=30) == "release in force"
        worker.load = refuse
        put(ward, kept)
        assert heard.get(timeout=30) == "release not taken"
        assert (worker.trouble, worker.arms.control.digest) == ("no memory left", ward.shipped.digest)
        worker.load = lambda digest: quieter
        assert heard.get(timeout=30) == "release in force"
    finally:
        worker.close()
    assert worker.arms.control == quieter


def refuse(digest: str) -> Release:
    raise BadRelease("no memory left")

"""A change with `until` ends by itself the day after, whatever was put in force, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cds_service.app import Application, read_folders
from cds_service.edge import follow_releases
from cds_service.errors import BadKnowledge
from cds_service.governance.diff import diff
from cds_service.governance.many import ids_since
from cds_service.governance.releases import AUTOMATIC, begin_log, is_genuine, keep_shipped, roll_back
from cds_service.governance.replay import open_archive
from cds_service.governance.replay_many import Again, count, replay_each
from cds_service.governance.review import as_reviewed
from cds_service.governance.simulate import prepare
from cds_service.governance.switching import without_model
from cds_service.knowledge.compile import compile_release
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Status
from cds_service.store.outcomes import Outcomes
from cds_service.store.releases import APPROVED
from tests.governance.conftest import ENDING, LAST_DAY, RULE, Ward, bleeding, changed, small
from tests.governance.test_releases import approved, put

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
DAY_S = 86_400.0


@pytest.fixture(scope="session")
def ended(application: Application) -> Release:
    """The same files as they are compiled on the next day."""
    return small(changed(application, ENDING, date(2026, 11, 21)))


def in_force(ward: Ward, release: Release) -> Release:
    put(ward, approved(ward, release))
    return release


def test_a_change_counts_through_its_last_day_and_not_a_second_longer(
    ward: Ward, ending: Release, ended: Release
) -> None:
    in_force(ward, ending)
    worker = ward.follow()
    ward.clock.now = MIDNIGHT - 1
    worker.look()
    assert worker.arms.control.rules[RULE].status is Status.SILENT
    ward.clock.now = MIDNIGHT
    worker.look()
    assert worker.arms.control == ended
    assert worker.arms.control.rules[RULE].status is Status.ACTIVE


def test_the_date_is_that_of_the_site(ward: Ward, ending: Release, ended: Release) -> None:
    in_force(ward, ending)
    worker = ward.follow(zone=ZoneInfo("Europe/Zurich"))  # an hour before UTC in winter
    ward.clock.now = MIDNIGHT - 3_601
    worker.look()
    assert worker.arms.control.digest == ending.digest
    ward.clock.now = MIDNIGHT - 3_600
    worker.look()
    assert worker.arms.control.digest == ended.digest


def test_records_of_both_days_name_their_release_and_replay_to_the_byte(
    ward: Ward, ending: Release, ended: Release
) -> None:
    in_force(ward, ending)
    before = ward.sign(bleeding())
    ward.clock.now = MIDNIGHT
    after = ward.sign(bleeding())
    assert (before.release_digest, after.release_digest) == (ending.digest, ended.digest)
    assert (before.cards, len(after.cards)) == ((), 1)
    archive = open_archive(ward.releases, ward.shipped.terminology)
    counted = count(replay_each(ward.store.records, archive, ids_since(ward.store.records, 0.0)))
    assert counted.counts == {Again.EQUAL: 2}


def test_two_workers_keep_what_comes_after_once_and_the_log_does_not_grow(
    ward: Ward, ending: Release, ended: Release
) -> None:
    in_force(ward, ending)
    workers = ward.follow(), ward.follow()
    for worker in workers:
        worker.look()
    ward.clock.now = MIDNIGHT
    log = ward.releases.history()
    for worker in workers:
        worker.look()
        worker.look()
    assert {worker.arms.control.digest for worker in workers} == {ended.digest}
    assert ward.releases.history() == log
    (kept,) = [each for each in ward.releases.every() if each.digest == ended.digest]
    assert (kept.author, kept.state, kept.approver) == (AUTOMATIC, APPROVED, "Bo Reviewer")
    assert kept.why == f"{ending.digest[:12]} as it answers since 2026-11-21"


def test_what_follows_is_kept_by_one_of_two_workers_that_want_to_at_the_same_moment(
    ward: Ward, ending: Release, ended: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force(ward, ending)
    one, other = ward.follow(), ward.follow()
    ward.clock.now = MIDNIGHT
    one.look()
    monkeypatch.setattr("cds_service.store.releases.Releases.has", lambda releases, digest: False)
    other.look()
    assert other.arms.control == ended
    assert sum(each.digest == ended.digest for each in ward.releases.every()) == 1


def test_a_server_that_was_down_at_midnight_starts_without_the_change(
    ward: Ward, ending: Release, ended: Release
) -> None:
    in_force(ward, ending)
    ward.clock.now = MIDNIGHT + 3 * DAY_S
    told: list[str] = []
    started = follow_releases(
        ward.store, ward.shipped, lambda release: release, UTC, lambda event, about: told.append(event)
    )
    assert (started.arms.control, told) == (ended, ["release in force"])


def test_a_change_in_the_data_folders_ends_without_a_restart_too(ward: Ward, ending: Release, ended: Release) -> None:
    worker = follow_releases(ward.store, ending, lambda release: release, UTC, lambda event, about: None)
    ward.clock.now = MIDNIGHT
    worker.look()
    worker.look()
    assert (worker.arms.control, worker.number) == (ended, 0)
    assert ward.releases.has(ended.digest)


def test_taking_back_never_brings_a_change_back_that_has_ended(
    ward: Ward, ending: Release, ended: Release, lesser: Release
) -> None:
    in_force(ward, ending)
    in_force(ward, lesser)
    worker = ward.follow()
    ward.clock.now = MIDNIGHT
    worker.look()
    roll_back(ward.releases, ward.store.ring, ward.word())
    worker.look()
    assert worker.arms.control == ended
    back = roll_back(ward.releases, ward.store.ring, ward.word())
    worker.look()
    assert (back.control, worker.arms.control.digest) == (ward.shipped.digest, ward.shipped.digest)


def test_the_end_of_a_change_is_no_step_that_is_taken_back(ward: Ward, ending: Release) -> None:
    in_force(ward, ending)
    worker = ward.follow()
    ward.clock.now = MIDNIGHT
    worker.look()
    entry = roll_back(ward.releases, ward.store.ring, ward.word())
    assert entry.control == ward.shipped.digest
    assert is_genuine(ward.releases, ward.store.ring, entry)


def test_a_change_of_the_candidate_ends_and_every_patient_keeps_the_arm(
    ward: Ward, ending: Release, ended: Release
) -> None:
    put(ward, approved(ward, ending), 50)
    worker = ward.follow()
    worker.look()
    before = {number: worker.arms.pick("ward", f"p{number}").arm for number in range(20)}
    ward.clock.now = MIDNIGHT
    worker.look()
    after = {number: worker.arms.pick("ward", f"p{number}") for number in range(20)}
    assert {number: each.arm for number, each in after.items()} == before
    assert {each.release.digest for each in after.values()} == {ward.shipped.digest, ended.digest}
    record = ward.sign(bleeding())
    assert {record.release_digest, record.beside_digest} == {ward.shipped.digest, ended.digest}
    archive = open_archive(ward.releases, ward.shipped.terminology)
    assert [again for _, again in replay_each(ward.store.records, archive, [record.decision_id])] == [Again.EQUAL]


def test_a_release_that_this_site_runs_otherwise_is_kept_as_it_answers(ward: Ward, quieter: Release) -> None:
    in_force(ward, quieter)
    worker = ward.follow()
    load: Callable[[str], Release] = worker.load
    worker.load = lambda digest: replace(load(digest), digest="ab" * 32)
    worker.look()
    assert ward.releases.has("ab" * 32)


def test_changes_end_one_after_the_other(application: Application) -> None:
    second = ENDING.replace(RULE, "two-hypnotics").replace("2026-11-20", "2026-12-31")
    release = changed(application, ENDING + second)
    days = date(2026, 11, 20), date(2026, 11, 21), date(2026, 12, 31), date(2027, 1, 1)
    statuses = [(release.on(day).rules[RULE].status, release.on(day).rules["two-hypnotics"].status) for day in days]
    silent, active = Status.SILENT, Status.ACTIVE
    assert statuses == [(silent, silent), (active, silent), (active, silent), (active, active)]
    assert release.on(days[3]).then is None


def test_a_change_without_a_last_day_that_can_pass_does_not_end(application: Application) -> None:
    assert changed(application, ENDING.replace("2026-11-20", "9999-12-31")).then is None


def test_a_change_that_stands_on_one_that_ends_is_refused_before_it_can_be_released(application: Application) -> None:
    folders = read_folders()
    entry = {"system": "https://hospital.example.org/diagnoses", "code": "GIB-1", "display": "Bleeding ulcer"}
    change = {"value_set": "gi-bleed-or-ulcer", "reason": "our own code", "by": "Ann Author"}
    site = {"change": [{**change, "until": "2026-11-20", "add": [entry]}]}
    client = {"change": [{**change, "remove": [{"code": "GIB-1"}]}]}
    documents = {**folders.documents, "config/site/a.toml": site, "config/tenants/north/b.toml": client}
    with pytest.raises(BadKnowledge, match=r"once changes until 2026-11-20 end: .* has no such entry"):
        compile_release(replace(folders, documents=documents), application.release.terminology, LAST_DAY)


def test_a_model_that_was_switched_off_stays_off_after_the_end(application: Application, ending: Release) -> None:
    models = application.release.models
    then = replace(ending.then, models=models) if ending.then else None
    off = without_model(replace(ending, models=models, then=then), "readmission-30d", "measured")
    later = off.on(date(2026, 11, 21))
    assert later.models_off == {"readmission-30d": "measured"}
    assert later.digest not in (off.digest, ending.digest)
    assert later.rules[RULE].status is Status.ACTIVE


def test_what_nobody_reviewed_stays_silent_after_the_end(ending: Release) -> None:
    unreviewed = as_reviewed(ending, runs_unreviewed=False, accepted_by=None).on(date(2026, 11, 21))
    assert {rule.status for rule in unreviewed.rules.values() if not rule.reviewed} <= {Status.SILENT, Status.DRAFT}
    accepted = as_reviewed(ending, runs_unreviewed=True, accepted_by="Cy Chief").on(date(2026, 11, 21))
    assert accepted.accepted_unreviewed_by == "Cy Chief"


def test_a_difference_names_the_day_and_what_is_otherwise_then(shipped: Release, ending: Release) -> None:
    lines = list(diff(shipped, ending))
    place = lines.index("after 2026-11-20, by itself:")
    assert lines[0] == lines[place + 1].strip() == f"changed: {RULE} (Warfarin with an NSAID)"
    assert list(diff(ending, ending)) == []
    endless = replace(ending, last_day=None, then=None)
    assert list(diff(endless, ending)) == lines[place:]
    assert list(diff(ending, endless)) == ["no change of it ends by itself"]


def test_a_simulation_still_looks_at_the_rules_that_differ_only(ward: Ward, ending: Release) -> None:
    keep_shipped(ward.releases, ward.store.ring, ward.shipped, ward.clock.now)
    begin_log(ward.releases, ward.store.ring, ward.shipped.digest, ward.clock.now)
    trial = prepare(ward.store.records, ward.store.ring, Outcomes({}, {}), ward.shipped, ending)
    assert trial.pair_for("ward").only_rules

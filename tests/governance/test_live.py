"""Two workers under load: a release is put in force and taken back; no call fails, and each has one release."""

import signal
import time
from datetime import datetime
from pathlib import Path

from cds_service.app import Application, open_records, read_folders, today
from cds_service.governance.many import ids_since
from cds_service.governance.releases import EVERYBODY, Word, activate, approve, begin_log, keep_draft, roll_back
from cds_service.governance.replay import open_archive
from cds_service.governance.replay_many import Again, count, replay_each
from cds_service.knowledge.compile import compile_release
from cds_service.settings import Settings
from cds_service.store.releases import Releases
from cds_service.store.store import Store
from tests.governance.live import Load
from tests.store.crash import PATIENCE_S, free_port, start_server

VISIBLE_WITHIN_S = 5.0
STEADY_S = 1.5
WORDS = "bleeds more easily"
OVERLAY = f"""
[[change]]
rule = "warfarin-nsaid"
reason = "plainer words"
by = "Ann Author"
summary = "With {{{{ a.name }}}} the patient on {{{{ b.name }}}} {WORDS}"
"""


def drain(store: Store) -> None:
    """Let records that waited in the spool for a slow disk into the database."""
    store.start()
    until = time.monotonic() + PATIENCE_S
    while store.health().spooled and time.monotonic() < until:
        time.sleep(0.05)


def test_activation_and_rollback_are_seen_by_every_worker_without_an_error_or_a_mixed_answer(
    application: Application, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    terminology = application.release.terminology
    other = compile_release(read_folders().with_layer(OVERLAY), terminology, today(settings))
    port = free_port()
    server = start_server(settings, port)
    store = open_records(settings, lambda event, about: None)
    releases = Releases(store.database)
    (shipped,) = releases.every()
    word = Word("Bo Reviewer", "a test", datetime.now().timestamp())
    kept = keep_draft(releases, other, shipped.digest, OVERLAY, Word("Ann Author", "a test", word.at))
    approve(releases, store.ring, kept, [], word)
    begin_log(releases, store.ring, shipped.digest, word.at)
    load = Load(port, WORDS)
    load.start()
    try:
        load.wait(STEADY_S)
        entered = time.monotonic()
        activate(releases, store.ring, releases.find(kept.digest), EVERYBODY, word, "")
        load.wait(VISIBLE_WITHIN_S + STEADY_S)
        back = time.monotonic()
        roll_back(releases, store.ring, word)
        load.wait(VISIBLE_WITHIN_S + STEADY_S)
    finally:
        load.stop()
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=PATIENCE_S)
    drain(store)
    assert load.errors == []
    for first, last, is_new in (
        (0.0, entered - 0.5, False),
        (entered + VISIBLE_WITHIN_S, back, True),
        (back + VISIBLE_WITHIN_S, back + 60, False),
    ):
        answers = load.between(first, last)
        assert {answer.is_new for answer in answers} == {is_new}
    digests = {each.row.decision_id: each.row.release_digest for each in store.list_since(0.0)}
    assert all((digests[each.decision] == other.digest) is each.is_new for each in load.answers)
    # Equal to the byte under the release it names: nothing of another release is in any record.
    counted = count(replay_each(store.records, open_archive(releases, terminology), ids_since(store.records, 0.0)))
    store.close()
    assert counted.counts == {Again.EQUAL: len(load.answers)}

"""`cds audit feedback`: what clients reported, and who looked at it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from cds_service.app import open_records
from cds_service.cli import app
from cds_service.settings import Settings
from cds_service.store.feedback import Reported, Reporter, keep_feedback
from cds_service.store.tables import ACCESSES, FEEDBACK
from tests.store.entries import an_entry, decision_id

CARD = "6fc9e1f9-93a4-5dc5-b2a6-8a9a2a3cbe58"
TYPED = "three days only, says Quastelmann"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a home in which one card was shown and overridden, and one report was about a card of nobody."""
    monkeypatch.setattr("cds_service.store.writing.COMMIT_WITHIN_S", 20.0)
    settings = Settings(home=tmp_path / "home")
    store = open_records(settings, lambda event, about: None)
    store.start()
    store.write(an_entry(1, topics={CARD: "warfarin-nsaid"}))
    now = datetime.now(UTC).timestamp()
    overridden = Reported(CARD, "overridden", now, (), "benefit-outweighs-risk", "urn:reasons", {"comment": TYPED})
    keep_feedback(store, Reporter("general", "general", "medication-order-sign"), [overridden])
    keep_feedback(store, Reporter("county", "county", "medication-order-sign"), [Reported("x", "overridden", now)])
    store.close()
    monkeypatch.setenv("CDS_HOME", str(settings.home))
    return settings


def lines(*words: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, ["audit", "feedback", *words])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_feedback_is_printed_with_its_decision_and_without_words(settings: Settings) -> None:
    known, stray = sorted(lines(), key=lambda line: str(line["tenant"]), reverse=True)
    assert (known["decision_id"], known["topic"], known["role"]) == (decision_id(1), "warfarin-nsaid", "Practitioner")
    assert (known["has_words"], "words" in known) == (True, False)
    assert (stray["decision_id"], stray["has_words"]) == (None, False)
    assert len(lines("--tenant", "county")) == 1
    assert lines("--since", "2020-01-01", "--until", "2020-02-01") == []


def test_what_people_typed_is_printed_when_asked_for_and_who_asked_is_recorded(settings: Settings) -> None:
    assert [line["words"] for line in lines("--words") if "words" in line] == [{"comment": TYPED}]
    store = open_records(settings, lambda event, about: None)
    with store.database.connect() as connection:
        (access,) = connection.execute(select(ACCESSES)).all()
    store.close()
    assert access.what == "words"


def test_an_audit_covers_feedback_and_names_what_was_changed_of_it(settings: Settings) -> None:
    whole = CliRunner().invoke(app, ["audit", "verify"])
    assert whole.exit_code == 1  # the payload of `an_entry` is not that of a call
    assert "1 decisions and 2 entries of feedback checked" in whole.stdout
    assert "feedback" not in whole.stdout.splitlines()[0]
    store = open_records(settings, lambda event, about: None)
    with store.database.begin() as connection:
        connection.execute(update(FEEDBACK).where(FEEDBACK.c.tenant == "general").values(reason_code="other"))
    store.close()
    changed = CliRunner().invoke(app, ["audit", "verify"]).stdout
    assert [line for line in changed.splitlines() if line.startswith("feedback ") and "it was changed" in line]

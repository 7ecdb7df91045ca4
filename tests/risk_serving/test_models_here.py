"""Which models really run here, and why where their own file says otherwise."""

from dataclasses import replace
from typing import Any

import pytest

from cds_service.app import Application
from cds_service.governance.models_here import UNREVIEWED, ModelHere, models_here
from cds_service.governance.review import silence_unreviewed
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Status
from tests.risk_serving.releases import BY, switched

MODEL = "readmission-30d"


def here(written: Release, in_force: Release, **switch: Any) -> ModelHere:
    """How the model runs where `in_force` answers, with the site's switch of it."""
    found = models_here(written.models, in_force, {MODEL: {**BY, **switch}} if switch else {})
    return next(each for each in found if each.written.id == MODEL)


def test_a_model_nobody_switched_runs_as_its_file_says(application: Application) -> None:
    every = models_here(application.release.models, application.release, {})
    assert all(each.here == each.written.status.value and not each.why for each in every)


def test_a_model_the_site_switched_off_gives_the_reason_and_who_speaks(application: Application) -> None:
    release = application.release
    said = here(release, switched(release, readmission_30d={"status": "off"}), status="off")
    assert (said.here, said.why) == ("off", "summer stays; its rule speaks")


@pytest.mark.parametrize("status", ["silent", "active"])
def test_a_model_the_site_runs_otherwise_names_the_file_and_who_decided(application: Application, status: str) -> None:
    release = application.release
    written = replace(
        release,
        models=tuple(replace(each, status=Status.DRAFT) if each.id == MODEL else each for each in release.models),
    )
    said = here(written, switched(release, readmission_30d={"status": status}), status=status)
    assert (said.here, said.why) == (status, "config/models.toml: summer stays (A. Officer)")


def test_an_unreviewed_model_is_silent_where_nobody_answers_for_it(application: Application) -> None:
    said = here(application.release, silence_unreviewed(application.release))
    assert (said.here, said.why) == ("silent", UNREVIEWED)


def test_a_model_newer_than_the_release_in_force_is_not_there(application: Application) -> None:
    older = replace(application.release, models=())
    said = here(application.release, older)
    assert (said.here, said.why) == ("not there", "the release in force was made without it")


def test_a_release_that_has_a_model_otherwise_is_named_by_its_version(application: Application) -> None:
    release = application.release
    said = here(release, switched(release, readmission_30d={"status": "silent"}))
    reviewed = replace(said.written, governance=replace(said.written.governance, reviewer="A. Colleague"))
    (again,) = models_here((reviewed,), switched(release, readmission_30d={"status": "silent"}), {})
    assert (again.here, again.why) == ("silent", f"version {reviewed.version} of the release in force has it so")

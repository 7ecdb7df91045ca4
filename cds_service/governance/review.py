"""What running without a reviewer means: a rule or model nobody has reviewed is counted, never shown."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Rule, Status


def as_reviewed(release: Release, runs_unreviewed: bool, accepted_by: str | None) -> Release:
    """The release as a site runs it; `accepted_by` is who took responsibility for unreviewed rules."""
    named = release if accepted_by is None else accept_unreviewed(release, accepted_by)
    run = named if runs_unreviewed else silence_unreviewed(named)
    return run if run.then is None else replace(run, then=as_reviewed(run.then, runs_unreviewed, accepted_by))


def silence_unreviewed(release: Release) -> Release:
    """The release with every active rule and model that has no reviewer silent; itself where there is none.

    It answers otherwise, so its digest differs.
    """
    every = (*release.rules.values(), *(rule for theirs in release.tenants.values() for rule in theirs.rules.values()))
    models = tuple(silence_model(each) for each in release.models)
    if all(silence(rule) is rule for rule in every) and models == release.models:
        return release
    rules = {id: silence(rule) for id, rule in release.rules.items()}

    def silence_entries(entries: Mapping[str, tuple[Rule, ...]]) -> Mapping[str, tuple[Rule, ...]]:
        return {key: tuple(rules[rule.id] for rule in listed) for key, listed in entries.items()}

    return replace(
        release,
        tenants={tenant: silence_unreviewed(theirs) for tenant, theirs in release.tenants.items()},
        digest=hashlib.sha256(f"{release.digest} unreviewed silent".encode()).hexdigest(),
        rules=rules,
        models=models,
        index=replace(
            release.index,
            by_ingredient=silence_entries(release.index.by_ingredient),
            by_fact=silence_entries(release.index.by_fact),
            any_drug=tuple(rules[rule.id] for rule in release.index.any_drug),
        ),
    )


def accept_unreviewed(release: Release, by: str) -> Release:
    """The release with the name of who took responsibility for its unreviewed rules."""
    theirs = {tenant: accept_unreviewed(each, by) for tenant, each in release.tenants.items()}
    return replace(release, accepted_unreviewed_by=by, tenants=theirs)


def silence(rule: Rule) -> Rule:
    return rule if rule.reviewed or rule.status is not Status.ACTIVE else replace(rule, status=Status.SILENT)


def silence_model(model: Bundle) -> Bundle:
    reviewed = model.governance.reviewer or model.status is not Status.ACTIVE
    return model if reviewed else replace(model, status=Status.SILENT)

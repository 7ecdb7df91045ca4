"""Reads what surrounds the rules: problems, override reasons, card policy, services."""

from collections.abc import Mapping
from typing import Any

from cds_service.hooks.discovery import CODED_TEMPLATES, TEMPLATES, Service, prefetch_templates
from cds_service.knowledge.page import Page, suggest
from cds_service.knowledge.read_shape import read_shape
from cds_service.knowledge.release import CardPolicy, OverrideReason, ProblemKind
from cds_service.knowledge.rules import Indicator, Severity
from cds_service.knowledge.shapes import (
    POLICY,
    POLICY_CAPS,
    POLICY_INDICATORS,
    POLICY_RENEWALS,
    POLICY_REVIEW,
    POLICY_SOURCE,
    POLICY_UNCHECKED,
    PROBLEM,
    REASON,
    SERVICE,
    SERVICES,
    Shape,
)

PROBLEMS_FILE = "cards/problems.toml"
REASONS_FILE = "cards/override_reasons.toml"
POLICY_FILE = "cards/policy.toml"
SERVICES_FILE = "config/services.toml"
PREFETCH_KEYS = (*TEMPLATES, *CODED_TEMPLATES)
# What rules are checked against when policy.toml itself is wrong; nothing compiles then.
NO_POLICY = CardPolicy(dict.fromkeys(Severity, Indicator.WARNING), {}, "", "")


def read_entries(page: Page, document: Mapping[str, Any], shape: Shape) -> dict[str, dict[str, Any]]:
    """The `[id]` tables of a file, each held against its shape; only whole ones are kept."""
    entries = {}
    for name, value in document.items():
        before = len(page.problems)
        if not isinstance(value, dict):
            page.note(name, f"this file holds one [table] for each id; {name!r} stands outside of one")
            continue
        kept = read_shape(page, name, value, shape)
        if len(page.problems) == before:
            entries[name] = kept
    return entries


def read_problems(page: Page, document: Mapping[str, Any]) -> dict[str, ProblemKind]:
    return {name: ProblemKind(name, **entry) for name, entry in read_entries(page, document, PROBLEM).items()}


def read_reasons(page: Page, document: Mapping[str, Any]) -> dict[str, OverrideReason]:
    return {name: OverrideReason(**entry) for name, entry in read_entries(page, document, REASON).items()}


def read_policy(page: Page, document: Mapping[str, Any]) -> CardPolicy | None:
    before = len(page.problems)
    kept = read_shape(page, "", document, POLICY)
    indicators = read_shape(page, "indicators", kept.get("indicators", {}), POLICY_INDICATORS)
    caps = read_shape(page, "caps", kept.get("caps", {}), POLICY_CAPS)
    source = read_shape(page, "source", kept.get("source", {}), POLICY_SOURCE)
    unchecked = read_shape(page, "unchecked", kept["unchecked"], POLICY_UNCHECKED) if "unchecked" in kept else {}
    renewals = read_shape(page, "renewals", kept["renewals"], POLICY_RENEWALS) if "renewals" in kept else {}
    review = read_shape(page, "review", kept["review"], POLICY_REVIEW) if "review" in kept else {}
    for hook, cap in caps.items():
        if type(cap) is not int or cap < 1:
            page.note(f"caps.{hook}", f"a cap is a whole number of at least 1, found {cap}")
    if len(page.problems) > before:
        return None
    return CardPolicy(
        indicators={Severity(severity): Indicator(indicator) for severity, indicator in indicators.items()},
        caps=caps,
        source_label=source["label"],
        source_url=source["url"],
        unchecked_severity=Severity(unchecked.get("severity", Severity.MAJOR)),
        renewals_from=Indicator(renewals.get("from", Indicator.INFO)),
        review_hooks=frozenset(review.get("hooks", ())),
    )


def read_services(page: Page, document: Mapping[str, Any], codes: Mapping[str, tuple[str, ...]]) -> tuple[Service, ...]:
    """The services with their prefetch templates. `codes` fills the code lists; a key without codes is left out."""
    services: list[Service] = []
    listed = read_shape(page, "", document, SERVICES).get("service", ())
    for number, entry in enumerate(listed, 1):
        where = f"service[{number}]"
        before = len(page.problems)
        kept = read_shape(page, where, entry, SERVICE)
        if kept.get("id") in {service.id for service in services}:
            page.note(f"{where}.id", f"two services are called {kept['id']!r}")
        check_keys(page, f"{where}.prefetch", kept.get("prefetch", []))
        if len(page.problems) == before:
            templates = prefetch_templates(tuple(kept.pop("prefetch")), codes)
            services.append(Service(**kept, prefetch=templates))
    return tuple(services)


def check_keys(page: Page, where: str, keys: list[str]) -> None:
    for key in keys:
        if key not in PREFETCH_KEYS:
            page.note(where, f"there is no prefetch key {key!r}{suggest(key, PREFETCH_KEYS)}")

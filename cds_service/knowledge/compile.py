"""Compiles the sources into one frozen release, or says everything that is wrong with them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from cds_service import __version__
from cds_service.errors import BadKnowledge
from cds_service.knowledge.card_files import SERVICES_FILE, read_services
from cds_service.knowledge.code_map import CODE_MAP_FILE, read_code_map
from cds_service.knowledge.genomics import ALLELES_FILE, PHENOTYPES_FILE, read_genes
from cds_service.knowledge.index import RUNNING, gather_needs, index_rules
from cds_service.knowledge.library import Library, read_library
from cds_service.knowledge.models import check_rules_in_place, read_bundles
from cds_service.knowledge.overlays import Change, find_ended, find_tenants, next_end
from cds_service.knowledge.release import Release, RuleIndex
from cds_service.knowledge.rules import Rule
from cds_service.knowledge.sources import Sources, canonical
from cds_service.knowledge.switches import FILE as MODELS_FILE
from cds_service.knowledge.switches import switch_models
from cds_service.terminology.products import Terminology

NO_VARIANTS: Mapping[str, Library] = {}


def compile_release(sources: Sources, terminology: Terminology, today: date | None = None) -> Release:
    """The release of these sources. Raises `BadKnowledge` with every problem of every file.

    `today` decides which of the site's changes have ended; without it none has.
    """
    library = read_library(sources, terminology, today)
    return compile_library(library, sources, today, read_variants(sources, terminology, today))


def read_variants(sources: Sources, terminology: Terminology, today: date | None) -> dict[str, Library]:
    """The library of each tenant that has changes of its own."""
    return {tenant: read_library(sources, terminology, today, tenant) for tenant in find_tenants(sources)}


def compile_library(
    library: Library, sources: Sources, today: date | None = None, variants: Mapping[str, Library] = NO_VARIANTS
) -> Release:
    """The release of a library that was read from `sources`, and of those of its tenants.

    Raises `BadKnowledge` with every problem, also of what it becomes when a change ends. All tenants ask for what the
    rules of any of them need: there is one discovery document.
    """
    pages, vocabulary = library.pages, library.vocabulary
    rules = library.rules
    varied = {tenant: vary(rules, theirs.rules) for tenant, theirs in variants.items()}
    every = [*rules.values(), *(rule for theirs in varied.values() for rule in theirs.values())]
    bundles = read_bundles(sources, pages, vocabulary)
    check_rules_in_place(pages, bundles, rules)
    switched = switch_models(pages.open(MODELS_FILE), sources.documents.get(MODELS_FILE, {}), bundles)
    needs = gather_needs(pages.open(SERVICES_FILE), every, switched.models)
    services = read_services(pages.open(SERVICES_FILE), sources.documents.get(SERVICES_FILE, {}), needs.codes)
    code_map = read_code_map(pages.open(CODE_MAP_FILE), sources.rows.get(CODE_MAP_FILE, ()), vocabulary.terminology)
    genes = read_genes(
        pages.open(ALLELES_FILE),
        sources.rows.get(ALLELES_FILE, ()),
        pages.open(PHENOTYPES_FILE),
        sources.rows.get(PHENOTYPES_FILE, ()),
    )
    problems = dict.fromkeys(
        (*pages.problems, *(each for theirs in variants.values() for each in theirs.pages.problems))
    )
    if problems:
        raise BadKnowledge(tuple(problems))
    digest = sources.digest
    base = Release(
        digest=stamp(digest, find_ended(sources, today), vocabulary.terminology),
        rules=rules,
        index=index_running(rules),
        problems=vocabulary.problems,
        override_reasons=vocabulary.override_reasons,
        policy=vocabulary.policy,
        services=services,
        needs=needs,
        terminology=vocabulary.terminology,
        code_map=code_map,
        genes=genes,
        sources=digest,
        models=switched.models,
        models_off=switched.off,
        remote_models=switched.remote,
    )
    tenants = {tenant: replace(base, rules=theirs, index=index_running(theirs)) for tenant, theirs in varied.items()}
    return with_ends(replace(base, tenants=tenants), sources, today)


def with_ends(release: Release, sources: Sources, today: date | None) -> Release:
    """The release with what it becomes when the first of its changes ends, as that does when the next one ends."""
    last_day = next_end(sources, today) if today else None
    if last_day is None:
        return release
    try:
        then = compile_release(sources, release.terminology, last_day + timedelta(days=1))
    except BadKnowledge as bad:
        raise BadKnowledge(
            tuple(replace(each, message=f"once changes until {last_day} end: {each.message}") for each in bad.problems)
        ) from None
    return replace(release, last_day=last_day, then=then)


def vary(rules: Mapping[str, Rule], theirs: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules of a tenant; those without changes of its own are the same values as everybody's."""
    return {id: rules[id] if rules.get(id) == rule else rule for id, rule in theirs.items()}


def index_running(rules: Mapping[str, Rule]) -> RuleIndex:
    return index_rules(rule for rule in rules.values() if rule.status in RUNNING)


def is_current(release: Release, sources: Sources, today: date) -> bool:
    """Whether `release`, compiled from `sources`, is what they give today: no change of the site ended in between."""
    return release.digest == stamp(release.sources, find_ended(sources, today), release.terminology)


def stamp(sources: str, ended: Iterable[Change], terminology: Terminology) -> str:
    """sha256 over knowledge, ended changes, terminology and code version: equal digests answer alike."""
    content = {
        "sources": sources,
        "ended": [change.origin for change in ended],
        "terminology": terminology.digest,
        "code": __version__,
    }
    return hashlib.sha256(canonical(content)).hexdigest()

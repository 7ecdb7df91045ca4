"""Compiles the sources into one frozen release, or says everything that is wrong with them."""

import hashlib
from datetime import date

from cds_service import __version__
from cds_service.errors import BadKnowledge
from cds_service.knowledge.card_files import CODE_MAP_FILE, SERVICES_FILE, read_code_map, read_services
from cds_service.knowledge.genomics import ALLELES_FILE, PHENOTYPES_FILE, read_genes
from cds_service.knowledge.index import RUNNING, gather_needs, index_rules
from cds_service.knowledge.library import Library, read_library
from cds_service.knowledge.overlays import Overlays, read_overlays
from cds_service.knowledge.page import Pages
from cds_service.knowledge.release import Release
from cds_service.knowledge.sources import Sources, canonical
from cds_service.terminology.products import Terminology


def compile_release(sources: Sources, terminology: Terminology, today: date | None = None) -> Release:
    """The release of these sources. Raises `BadKnowledge` with every problem of every file.

    `today` decides which of the site's changes have ended; without it none has.
    """
    return compile_library(read_library(sources, terminology, today), sources)


def compile_library(library: Library, sources: Sources) -> Release:
    """The release of a library that was read from `sources`. Raises `BadKnowledge` with every problem."""
    pages, vocabulary = library.pages, library.vocabulary
    rules = library.rules
    needs = gather_needs(pages.open(SERVICES_FILE), rules.values())
    services = read_services(pages.open(SERVICES_FILE), sources.documents.get(SERVICES_FILE, {}), needs.codes)
    code_map = read_code_map(pages.open(CODE_MAP_FILE), sources.rows.get(CODE_MAP_FILE, ()))
    genes = read_genes(
        pages.open(ALLELES_FILE),
        sources.rows.get(ALLELES_FILE, ()),
        pages.open(PHENOTYPES_FILE),
        sources.rows.get(PHENOTYPES_FILE, ()),
    )
    if pages.problems:
        raise BadKnowledge(pages.problems)
    digest = sources.digest
    return Release(
        digest=stamp(digest, library.overlays, vocabulary.terminology),
        rules=rules,
        index=index_rules(rule for rule in rules.values() if rule.status in RUNNING),
        problems=vocabulary.problems,
        override_reasons=vocabulary.override_reasons,
        policy=vocabulary.policy,
        services=services,
        needs=needs,
        terminology=vocabulary.terminology,
        code_map=code_map,
        genes=genes,
        sources=digest,
    )


def is_current(release: Release, sources: Sources, today: date) -> bool:
    """Whether `release`, compiled from `sources`, is what they give today: no change of the site ended in between."""
    overlays = read_overlays(sources, Pages({}), today)
    return release.digest == stamp(release.sources, overlays, release.terminology)


def stamp(sources: str, overlays: Overlays, terminology: Terminology) -> str:
    """sha256 over knowledge, ended changes, terminology and code version: equal digests answer alike."""
    content = {
        "sources": sources,
        "ended": [change.origin for change in overlays.ended],
        "terminology": terminology.digest,
        "code": __version__,
    }
    return hashlib.sha256(canonical(content)).hexdigest()

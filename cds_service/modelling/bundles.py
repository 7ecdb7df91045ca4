"""One model of the data folders, also while its terms are still to be fitted."""

from cds_service.errors import BadKnowledge, KnowledgeProblem
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.library import read_library
from cds_service.knowledge.models import read_bundle, read_bundles
from cds_service.knowledge.sources import Sources
from cds_service.terminology.products import Terminology


def open_bundle(sources: Sources, terminology: Terminology, id: str) -> Bundle:
    """The bundle `id`; without terms when its model.json is not there yet. Raises `BadKnowledge` for mistakes in it."""
    library = read_library(sources, terminology)
    if f"models/{id}/bundle.toml" not in sources.documents:
        raise BadKnowledge((KnowledgeProblem(f"models/{id}/bundle.toml", "", "there is no such model"),))
    before = set(library.pages.problems)
    bundle = read_bundle(sources, library.pages, library.vocabulary, f"models/{id}")
    found = tuple(each for each in library.pages.problems if each not in before and each.file.endswith("bundle.toml"))
    if found:
        raise BadKnowledge(found)
    return bundle


def open_bundles(sources: Sources, terminology: Terminology) -> tuple[Bundle, ...]:
    """Every model that can be read, in order of id."""
    library = read_library(sources, terminology)
    return read_bundles(sources, library.pages, library.vocabulary)

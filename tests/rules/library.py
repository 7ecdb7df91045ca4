"""The shipped library, read once for all tests of this folder."""

from dataclasses import dataclass
from functools import cache

from cds_service.folders import data_folder
from cds_service.knowledge.compile import compile_library
from cds_service.knowledge.examples import Example
from cds_service.knowledge.library import Library, read_library
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Rule
from cds_service.knowledge.sources import Sources, load_sources
from cds_service.terminology.index import open_index


@dataclass(frozen=True)
class Shipped:
    """The compiled release and the examples of every rule, by rule id."""

    release: Release
    examples: dict[str, tuple[Example, ...]]

    @property
    def cases(self) -> list[tuple[Rule, Example]]:
        rules = self.release.rules
        return [(rules[id], example) for id, listed in self.examples.items() for example in listed]


@cache
def shipped_sources() -> Sources:
    return load_sources(*map(data_folder, ("rules", "cards", "config", "models")))


@cache
def shipped_library() -> Library:
    return read_library(shipped_sources(), open_index(data_folder("rules") / "terminology" / "rxnorm.sqlite"))


@cache
def shipped() -> Shipped:
    library = shipped_library()
    release = compile_library(library, shipped_sources())
    return Shipped(release, {id: library.examples(id) for id in library.written})

"""What the observations of a patient say of each gene, in the shapes that laboratories send."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

import msgspec

from cds_service.chart.genomic_facts import GENE_OF_LOINC, PHENOTYPES, RISK_ALLELES
from cds_service.chart.readings import PRELIMINARY, RESULT_STATES, Reading, doubt_about, moment_of
from cds_service.chart.systems import LOINC, canonical, text_of
from cds_service.chart.whose import label
from cds_service.fhir.resources import CodeableConcept, Observation

GENE_STUDIED, EFFECT_ON_METABOLISM = "48018-6", "53040-2"
GENE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/observation-geneticsGene"
GENE_NAMES = frozenset({*PHENOTYPES, *(gene for gene, _ in RISK_ALLELES)})


class Result(msgspec.Struct, frozen=True):
    """What one observation says of one gene, and of one allele where it was looked for alone. `texts` are codes,
    displays and texts of its values."""

    gene: str
    allele: str
    when: datetime
    rank: int
    reference: str
    texts: tuple[str, ...]


def results_in(observation: Observation, now: datetime, zone: tzinfo) -> list[Result]:
    """What a final observation dated before now says, by gene."""
    when, reference = moment_of(observation, zone), label(observation)
    reading = Reading("", when, reference, observation.status or "", observation)
    if doubt_about(reading, now) not in ("", PRELIMINARY):
        return []
    texts = tuple(texts_in(observation))
    found = named_in(observation) or [(gene, "") for gene in GENE_NAMES if any(begins(text, gene) for text in texts)]
    alone = len({gene for gene, _ in found}) == 1
    results = []
    for gene, allele in found:
        own = texts if alone else tuple(text for text in texts if begins(text, gene))
        if own:
            results.append(Result(gene, allele, when, RESULT_STATES[reading.status], reference, own))
    return results


def named_in(observation: Observation) -> list[tuple[str, str]]:
    """The genes an observation says it is about: by its code, by "gene studied", or by the R4 extension."""
    for coding in observation.code.coding if observation.code else ():
        about = GENE_OF_LOINC.get(coding.code or "") if canonical(coding.system) == LOINC else None
        if about:
            return [about]
    concepts = [part.value_codeable_concept for part in observation.component if is_coded(part.code, GENE_STUDIED)]
    concepts += [each.value_codeable_concept for each in observation.extension if each.url == GENE_EXTENSION]
    said = [text.upper() for concept in concepts for text in every_text(concept)]
    return [(gene, "") for gene in sorted(GENE_NAMES & set(said))]


def texts_in(observation: Observation) -> Iterable[str]:
    """The value of the observation and of its component on metabolism."""
    yield from every_text(observation.value_codeable_concept)
    if observation.value_string:
        yield observation.value_string
    for part in observation.component:
        if is_coded(part.code, EFFECT_ON_METABOLISM):
            yield from every_text(part.value_codeable_concept)
            yield from filter(None, (part.value_string,))


def every_text(concept: CodeableConcept | None) -> Iterable[str]:
    if concept is None:
        return
    yield from (each for coding in concept.coding for each in (coding.code, coding.display) if each)
    yield from filter(None, (text_of(concept),))


def is_coded(concept: CodeableConcept | None, code: str) -> bool:
    codings = concept.coding if concept else ()
    return any(coding.code == code and canonical(coding.system) == LOINC for coding in codings)


def begins(text: str, gene: str) -> bool:
    return text.upper().startswith(gene)

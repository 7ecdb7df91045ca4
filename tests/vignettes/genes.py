"""Gene tests of a vignette, put to the chart as laboratories send them: as observations, read by the same reader.

A phenotype comes as "effect on metabolism" of the gene studied, an activity score as a diplotype that has it, an
HLA allele under its own code.
"""

from collections.abc import Mapping
from itertools import combinations_with_replacement
from typing import Any

from cds_service.chart.absent import KeyFacts
from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.facts import Fact
from cds_service.chart.genes import Genes, read_diplotype
from cds_service.chart.genomic_facts import GENE_OF_LOINC, SCORED
from cds_service.chart.genomics import ABOUT, genomic_values
from cds_service.fhir.resources import Observation
from cds_service.knowledge.examples import NOW
from tests.support.observed import ZONE, concept, observation, received, whole

TESTED = "2025-06-01T09:00:00Z"
GENE_STUDIED, EFFECT, GENOTYPE = "48018-6", "53040-2", "84413-4"
CODE_OF_ALLELE = {about: code for code, about in GENE_OF_LOINC.items() if about[1]}


def genomic_facts(results: Mapping[str, str], genes: Genes) -> dict[str, Fact[Any]]:
    """Every genomic fact after these results, by gene: {"CYP2D6": "Poor Metabolizer"}, {"HLA-B": "*57:01 positive"}."""
    tests = [as_observation(gene, result, genes) for gene, result in results.items()]
    facts = KeyFacts.of("genomics", (CATALOGUE[name] for name in ABOUT))
    return genomic_values(received(genomics=whole(*tests)), facts, genes, NOW, ZONE)


def as_observation(gene: str, result: str, genes: Genes) -> Observation:
    """One result in the shape laboratories send. Raises KeyError for an allele that has no code of its own."""
    allele, _, answer = result.partition(" ")
    if gene.startswith("HLA"):
        return send(CODE_OF_ALLELE[gene, allele], id=f"{gene}-{allele}", valueCodeableConcept={"text": answer})
    studied = {"code": concept(GENE_STUDIED), "valueCodeableConcept": {"coding": [{"display": gene}]}}
    if gene in SCORED and is_score(result):
        diplotype = {"text": diplotype_with(gene, result, genes)}
        return send(GENOTYPE, id=gene, valueCodeableConcept=diplotype, component=[studied])
    effect = {"code": concept(EFFECT), "valueCodeableConcept": {"text": result}}
    return send(EFFECT, id=gene, component=[studied, effect])


def send(code: str, **members: Any) -> Observation:
    sent: Observation = observation(code, effectiveDateTime=TESTED, **members)
    return sent


def is_score(text: str) -> bool:
    return text.removeprefix("≥").replace(".", "", 1).isdigit()


def diplotype_with(gene: str, score: str, genes: Genes) -> str:
    """Two alleles whose activity values sum to the score. Raises StopIteration when no two do."""
    pairs = (f"{one}/{other}" for one, other in combinations_with_replacement(genes[gene].functions, 2))
    return next(pair for pair in pairs if scores(gene, pair, genes) == score)


def scores(gene: str, pair: str, genes: Genes) -> str:
    found = read_diplotype(gene, pair, genes)
    return found.activity_score if found else ""

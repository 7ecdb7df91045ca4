"""Pharmacogenomics: phenotype, diplotype or allele, in the shapes laboratories send; not tested is never normal."""

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cds_service.chart.catalogue import CATALOGUE, codes_for, keys_for
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.chart.genes import HAPLOID, read_diplotype
from cds_service.chart.genomic_facts import PHENOTYPES, SCORED, phenotype_of
from cds_service.chart.observations import patient_values
from cds_service.fhir.received import KeyResult, Received
from cds_service.fhir.resources import Observation
from cds_service.knowledge.genomics import read_genes
from cds_service.knowledge.page import Page
from cds_service.knowledge.sources import read_rows
from tests.support.observed import LOINC, NOW, SNOMED, ZONE, concept, observation, partial, problems, received, whole
from tests.support.shared import SHARED, needs_shared

SHIPPED = Path(__file__).resolve().parents[2] / "rules/genomics"
GENES = read_genes(
    Page("alleles"),
    read_rows((SHIPPED / "alleles.csv").read_text(encoding="utf-8")),
    Page("phenotypes"),
    read_rows((SHIPPED / "phenotypes.csv").read_text(encoding="utf-8")),
)
R4_GENE = "http://hl7.org/fhir/StructureDefinition/observation-geneticsGene"


def value(name: str, *results: Any, key: KeyResult | None = None) -> Fact[Any]:
    return values_of(received(genomics=key or whole(*results)), name)


def values_of(chart: Received, name: str) -> Fact[Any]:
    return patient_values(chart, frozenset({name}), problems(), NOW, ZONE, genes=GENES)[0][name]


def told(fact: Fact[Any]) -> Any:
    assert isinstance(fact, Known), fact
    return fact.value


def said(text: str) -> dict[str, Any]:
    return {"text": text}


def studied(gene: str) -> dict[str, Any]:
    return {"code": concept("48018-6"), "valueCodeableConcept": {"coding": [{"display": gene}]}}


def genotype(gene: str, text: str, days: float = 30, **more: Any) -> Any:
    """As HL7 Genomics Reporting has it: "genotype display name" with the gene studied as a component."""
    return observation("84413-4", days=days, valueCodeableConcept=said(text), component=[studied(gene)], **more)


def metabolism(gene: str, answer: dict[str, Any], days: float = 30) -> Any:
    effect = {"code": concept("53040-2"), "valueCodeableConcept": answer}
    return observation("53040-2", days=days, component=[studied(gene), effect])


def test_a_phenotype_under_its_own_code_is_read_from_the_answer() -> None:
    fact = value("cyp2c9_phenotype", observation("79716-7", valueCodeableConcept=concept("LA9657-3"), id="p"))
    assert told(fact) == "Poor Metabolizer"
    assert isinstance(fact, Known)
    assert [source.reference for source in fact.sources] == ["Observation/p"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Poor metabolizer", "Poor Metabolizer"),
        ("CYP2C19 poor metaboliser", "Poor Metabolizer"),
        ("Ultra-rapid Metabolizer", "Ultrarapid Metabolizer"),
        ("Extensive metabolizer", "Normal Metabolizer"),
        ("likely intermediate metabolizer", "Likely Intermediate Metabolizer"),
        ("Indeterminate", "Indeterminate"),
    ],
)
def test_a_phenotype_in_words_is_read_in_the_spellings_in_use(text: str, expected: str) -> None:
    assert told(value("cyp2c19_phenotype", metabolism("CYP2C19", said(text)))) == expected


def test_a_text_that_names_its_gene_needs_no_other_name() -> None:
    assert told(value("cyp2d6_phenotype", observation("84413-4", valueString="CYP2D6 *4/*4"))) == "Poor Metabolizer"


@pytest.mark.parametrize(
    ("gene", "diplotype", "expected"),
    [
        ("CYP2C19", "*1/*2", "Intermediate Metabolizer"),
        ("CYP2C19", "CYP2C19*2/*17", "Intermediate Metabolizer"),
        ("CYP2C19", "*2/*2", "Poor Metabolizer"),
        ("CYP2D6", "*1/*4.001", "Intermediate Metabolizer"),
        ("CYP2D6", "*1x2/*9", "Ultrarapid Metabolizer"),  # 2.0 + 0.5 = 2.5; the recommendations call it ultrarapid
        ("SLCO1B1", "*5/*5", "Poor Function"),
        ("TPMT", "*3A / *3A", "Poor Metabolizer"),
        ("G6PD", "A- 202A_376G", "Deficient"),
        ("MT-RNR1", "m.1555A>G", "increased risk of aminoglycoside-induced hearing loss"),
    ],
)
def test_where_only_a_diplotype_was_sent_cpic_says_what_it_makes(gene: str, diplotype: str, expected: str) -> None:
    fact = value(phenotype_of(gene), genotype(gene, diplotype))
    assert told(fact) == expected
    assert isinstance(fact, Known)
    assert fact.formula == "CPIC allele functions"


@pytest.mark.parametrize(
    ("name", "gene", "diplotype", "expected", "at_least"),
    [
        ("cyp2d6_activity_score", "CYP2D6", "*1/*10", 1.25, False),  # 1 + 0.25
        ("cyp2d6_activity_score", "CYP2D6", "*1/*1x≥3", 4.0, True),  # 1 + at least 3
        ("cyp2c9_activity_score", "CYP2C9", "*1/*3", 1.0, False),  # 1 + 0
        ("dpyd_activity_score", "DPYD", "Reference/c.1905+1G>A (*2A)", 1.0, False),
    ],
)
def test_an_activity_score_is_that_of_the_diplotype(
    name: str, gene: str, diplotype: str, expected: float, at_least: bool
) -> None:
    fact = value(name, genotype(gene, diplotype))
    assert isinstance(fact, Known), fact
    assert (fact.value, fact.unit, fact.at_least) == (expected, "{score}", at_least)


def test_a_phenotype_alone_has_no_score() -> None:
    fact = value("cyp2d6_activity_score", metabolism("CYP2D6", concept("LA9657-3")))
    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.NOT_RECORDED, "CYP2D6 activity score not reported")


def test_an_uncertain_allele_has_no_score_but_a_phenotype() -> None:
    uncertain = genotype("CYP2C9", "*1/*7")
    assert told(value("cyp2c9_phenotype", uncertain)) == "Indeterminate"
    assert isinstance(value("cyp2c9_activity_score", uncertain), Unknown)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (observation("42358-2", valueCodeableConcept=concept("LA6576-8")), "*57:01 positive"),
        (observation("42358-2", valueCodeableConcept=concept("260385009", SNOMED)), "*57:01 negative"),
        (observation("69047-9", valueString="Not detected"), "*57:01 negative"),
        (genotype("HLA-B", "HLA-B*57:01 positive"), "*57:01 positive"),
        (genotype("HLA-B", "*07:02/*57:01"), "*57:01 positive"),
        (genotype("HLA-B", "HLA-B*07:02:01/HLA-B*08:01"), "*57:01 negative"),
    ],
)
def test_an_allele_is_found_or_not(result: Any, expected: str) -> None:
    assert told(value("hla_b_57_01", result)) == expected


def test_a_test_for_one_allele_says_nothing_of_another() -> None:
    negative = observation("57979-7", valueCodeableConcept=concept("LA6577-6"))
    assert told(value("hla_b_15_02", negative)) == "*15:02 negative"
    assert value("hla_b_57_01", negative, genotype("HLA-B", "*15:02 positive")) == Unknown(
        Reason.NOT_RECORDED, "HLA-B*57:01 not recorded"
    )


@pytest.mark.parametrize(
    "result",
    [genotype("HLA-B", "*57 positive"), genotype("HLA-A", "*57:01 positive"), genotype("HLA-B", "*57:01 in process")],
)
def test_a_typing_that_is_too_coarse_or_of_another_gene_decides_nothing(result: Any) -> None:
    assert isinstance(value("hla_b_57_01", result), Unknown)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (whole(), Reason.NOT_RECORDED),
        (KeyResult(), Reason.NOT_SENT),
        (partial(Reason.TIMED_OUT), Reason.TIMED_OUT),
        (whole(requested_codes=frozenset({f"{LOINC}|84413-4"})), Reason.NOT_REQUESTED),
        (whole(genotype("CYP2C9", "*2/*2")), Reason.NOT_RECORDED),
        (whole(genotype("CYP2D6", "*4/*4", status="entered-in-error")), Reason.NOT_RECORDED),
        (whole(genotype("CYP2D6", "*4/*4", days=-1)), Reason.NOT_RECORDED),
    ],
)
def test_not_tested_is_not_normal(key: KeyResult, reason: Reason) -> None:
    fact = value("cyp2d6_phenotype", key=key)
    assert isinstance(fact, Unknown)
    assert fact.reason is reason


def test_a_key_that_was_never_asked_for_is_not_requested() -> None:
    fact = values_of(received(), "cyp2d6_phenotype")
    assert isinstance(fact, Unknown)
    assert fact.reason is Reason.NOT_REQUESTED


@pytest.mark.parametrize("text", ["*1/*999", "see report", "rapid metabolizer", "*1"])
def test_what_cannot_be_understood_is_not_guessed(text: str) -> None:
    fact = value("cyp2d6_phenotype", genotype("CYP2D6", text))
    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.UNRECOGNISED, "CYP2D6 phenotype not understood")


def test_the_newest_result_decides_even_if_it_cannot_be_understood() -> None:
    old, new = genotype("CYP2D6", "*4/*4", days=900), genotype("CYP2D6", "*1/*1", days=3)
    assert told(value("cyp2d6_phenotype", old, new)) == "Normal Metabolizer"
    assert isinstance(value("cyp2d6_phenotype", old, genotype("CYP2D6", "see report", days=3)), Unknown)


def test_of_two_results_of_one_moment_the_corrected_and_the_understood_one_counts() -> None:
    wrong = genotype("CYP2D6", "*1/*1", days=3)
    corrected = genotype("CYP2D6", "*4/*4", days=3, status="corrected")
    unclear = genotype("CYP2D6", "see report", days=3, status="corrected")
    assert told(value("cyp2d6_phenotype", wrong, corrected)) == "Poor Metabolizer"
    assert told(value("cyp2d6_phenotype", wrong, unclear)) == "Normal Metabolizer"


def test_a_result_does_not_expire_and_needs_no_date() -> None:
    assert told(value("tpmt_phenotype", genotype("TPMT", "*1/*1", days=9000))) == "Normal Metabolizer"
    undated = msgspec.structs.replace(genotype("TPMT", "*1/*1"), effective_date_time=None)
    fact = value("tpmt_phenotype", undated)
    assert told(fact) == "Normal Metabolizer"
    assert isinstance(fact, Known)
    assert fact.as_of is None


def test_a_panel_of_two_genes_counts_for_each_by_the_text_that_names_it() -> None:
    both = observation(
        "84413-4", valueCodeableConcept=said("CYP2C9 *2/*2"), component=[studied("CYP2C9"), studied("CYP2D6")]
    )
    assert told(value("cyp2c9_phenotype", both)) == "Intermediate Metabolizer"  # 0.5 + 0.5 = 1.0
    assert isinstance(value("cyp2d6_phenotype", both), Unknown)


def test_the_extension_of_the_r4_examples_names_the_gene() -> None:
    gene = {"url": R4_GENE, "valueCodeableConcept": {"coding": [{"display": "TPMT"}]}}
    result = observation("363779003", code_system=SNOMED, valueString="*1/*3A", extension=[gene])
    assert told(value("tpmt_phenotype", result)) == "Intermediate Metabolizer"


def test_without_tables_a_phenotype_is_read_and_a_diplotype_is_not() -> None:
    def bare(result: Any) -> Fact[Any]:
        chart = received(genomics=whole(result))
        return patient_values(chart, frozenset({"cyp2d6_phenotype"}), problems(), NOW, ZONE)[0]["cyp2d6_phenotype"]

    assert isinstance(bare(metabolism("CYP2D6", concept("LA9657-3"))), Known)
    assert isinstance(bare(genotype("CYP2D6", "*4/*4")), Unknown)


def test_a_release_that_wants_a_gene_asks_for_it_by_code() -> None:
    codes = codes_for(frozenset({"cyp2c9_phenotype"}))["genomics"]
    assert {f"{LOINC}|84413-4", f"{LOINC}|79716-7"} <= set(codes)
    assert keys_for(frozenset({"cyp2c9_phenotype"})) == ("genomics",)


@needs_shared
@pytest.mark.shared
def test_every_diplotype_of_cpic_gives_its_phenotype_and_score() -> None:
    counted = 0
    with (SHARED / "data/drugs/cpic/diplotype_phenotype.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            gene, score = row["gene"].replace("MT_RNR1", "MT-RNR1"), row["activity_score"]
            if gene not in GENES:
                continue
            counted += 1
            found = read_diplotype(gene, row["diplotype"], GENES)
            assert found is not None, row
            ultrarapid = gene == "CYP2D6" and score == "2.5"
            assert found.word == ("Ultrarapid Metabolizer" if ultrarapid else row["phenotype"]), row
            assert found.activity_score == score.replace("n/a", ""), row
    assert counted == 28894


@needs_shared
@pytest.mark.shared
def test_every_word_of_the_recommendations_is_one_that_a_fact_may_hold() -> None:
    with (SHARED / "data/drugs/cpic/cpic_recommendations_2024-05.csv").open(newline="", encoding="utf-8") as file:
        keys = {part.strip() for row in csv.DictReader(file) for part in row["phenotype_lookup"].split(";")}
    pairs = {(gene, word) for gene, _, word in (key.partition("=") for key in keys)}
    plain = {(gene, word) for gene, word in pairs if word != "No Result" and gene not in SCORED}
    for gene, word in plain:
        if gene.startswith("HLA"):
            name = f"{gene}_{word.split()[0].removeprefix('*')}".lower().replace("-", "_").replace(":", "_")
        else:
            name = phenotype_of(gene)
        assert word in CATALOGUE[name].words, (gene, word)
    assert {gene for gene, _ in pairs} == {*PHENOTYPES, "HLA-A", "HLA-B"}


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "name", "expected"),
    [
        ("Observation-example-phenotype.json", "cyp2c9_phenotype", "Normal Metabolizer"),
        ("Observation-example-TPMT-diplotype.json", "tpmt_phenotype", "Intermediate Metabolizer"),
    ],
)
def test_the_published_r4_examples_are_read(file: str, name: str, expected: str) -> None:
    text = (SHARED / "data/patients/fhir_r4_examples/Observation" / file).read_text(encoding="utf-8")
    example = {**json.loads(text), "subject": None}
    assert told(value(name, msgspec.convert(example, Observation))) == expected


def test_haploid_genes_are_in_the_tables() -> None:
    assert GENES.keys() >= HAPLOID

"""Facts of pharmacogenomics from results of a phenotype, a diplotype, or one allele."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any

import msgspec

from cds_service.chart.absent import KeyFacts
from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.genes import Genes, Phenotype, read_diplotype
from cds_service.chart.genomic_facts import PHENOTYPES, RISK_ALLELES, SCORED, allele_of, phenotype_of, score_of
from cds_service.chart.genomic_results import Result, results_in
from cds_service.chart.readings import UNDATED, state_of
from cds_service.chart.whose import NEVER_ASKED, own_resources
from cds_service.fhir.received import Received
from cds_service.fhir.resources import Observation

KEY = "genomics"
BY_TABLE = "CPIC allele functions"

# Answers of the LOINC list for metabolizers, and what positive and negative are called (HL7 Genomics Reporting).
ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "LA9657-3": "Poor Metabolizer",
        "LA10317-8": "Intermediate Metabolizer",
        "LA25391-6": "Normal Metabolizer",
        "LA25390-8": "Rapid Metabolizer",
        "LA10315-2": "Ultrarapid Metabolizer",
        "LA6576-8": "positive",
        "LA6577-6": "negative",
        "LA9633-4": "positive",
        "LA9634-2": "negative",
        "10828004": "positive",
        "260385009": "negative",
    }
)
FOUND = MappingProxyType(
    {
        **dict.fromkeys(("positive", "detected", "present"), "positive"),
        **dict.fromkeys(("negative", "not detected", "absent"), "negative"),
    }
)
BOTH = 2
TYPED_ALLELE = re.compile(r"\*?(\d{2,3}:\d{2,3})(?::\d{2,3})*")


class About(msgspec.Struct, frozen=True):
    """What a genomic fact is about: a gene, or one allele of it; `scored` for its activity score."""

    gene: str
    allele: str = ""
    scored: bool = False


ABOUT: Mapping[str, About] = MappingProxyType(
    {
        **{phenotype_of(gene): About(gene) for gene in PHENOTYPES},
        **{score_of(gene): About(gene, scored=True) for gene in SCORED},
        **{allele_of(gene, allele): About(gene, allele) for gene, allele in RISK_ALLELES},
    }
)


def genomic_values(
    received: Received, wanted: KeyFacts, genes: Genes, now: datetime, zone: tzinfo
) -> dict[str, Fact[Any]]:
    """The genomic facts `wanted`. The newest result of a gene decides; a result has no shelf life.

    `genes` are CPIC's tables; without them no diplotype is translated. What was not tested is not recorded, never
    normal.
    """
    own = own_resources(received, KEY, Observation)
    state = state_of(own, received.prefetch.get(KEY, NEVER_ASKED).requested_codes, zone)
    values: dict[str, Fact[Any]] = {**wanted.absent(state.requested_codes, state.reason_of_absence)}
    results = [result for observation in own.resources for result in results_in(observation, now, zone)]
    for name in values if results else ():
        fitting = [result for result in results if fits(result, ABOUT[name])]
        if fitting:
            values[name] = decide(name, fitting, genes)
    return values


def fits(result: Result, about: About) -> bool:
    """Whether a result speaks of the gene; of an allele, by its code, by name or by naming both alleles."""
    if result.gene != about.gene:
        return False
    if not about.allele or result.allele:
        return result.allele == about.allele
    return any(about.allele in text or len(TYPED_ALLELE.findall(text)) == BOTH for text in result.texts)


def decide(name: str, results: list[Result], genes: Genes) -> Fact[Any]:
    """The fact by the newest results; of those of one moment the first that is understood."""
    about = ABOUT[name]
    newest = max(result.when for result in results)
    latest = sorted((each for each in results if each.when == newest), key=lambda each: -each.rank)
    when = None if newest == UNDATED else newest
    for result in latest:
        fact = read(result, about, genes)
        if fact is not None:
            return msgspec.structs.replace(fact, sources=(Source(result.reference, when),), as_of=when)
    if about.scored and any(read_phenotype(result, about.gene, genes) for result in latest):
        return Unknown(Reason.NOT_RECORDED, f"{CATALOGUE[name].label} not reported", when)
    return Unknown(Reason.UNRECOGNISED, f"{CATALOGUE[name].label} not understood", when)


def read(result: Result, about: About, genes: Genes) -> Known[Any] | None:
    if about.allele:
        return read_allele(result, about)
    return read_score(result, about.gene, genes) if about.scored else read_phenotype(result, about.gene, genes)


def read_phenotype(result: Result, gene: str, genes: Genes) -> Known[str] | None:
    """The phenotype as reported; where only a diplotype was, what CPIC makes of it."""
    words = {normal(word): word for word in PHENOTYPES[gene]}
    for text in result.texts:
        word = words.get(normal(ANSWERS.get(text, without(gene, text))))
        if word:
            return Known(word)
    found = diplotype_in(result, gene, genes)
    return Known(found.word, formula=BY_TABLE) if found else None


def read_score(result: Result, gene: str, genes: Genes) -> Known[float] | None:
    """The activity score of the diplotype; "≥3.0" is a lower bound. A phenotype alone has no score: it is a range."""
    found = diplotype_in(result, gene, genes)
    if found is None or not found.activity_score:
        return None
    score = found.activity_score
    return Known(float(score.removeprefix("≥")), "{score}", at_least=score.startswith("≥"), formula=BY_TABLE)


def diplotype_in(result: Result, gene: str, genes: Genes) -> Phenotype | None:
    found = (read_diplotype(gene, text, genes) for text in result.texts)
    return next((phenotype for phenotype in found if phenotype), None)


def read_allele(result: Result, about: About) -> Known[str] | None:
    """Whether the allele was found: as answered, or by both alleles of the gene as typed."""
    for text in result.texts:
        said = without(about.gene, text)
        answer = FOUND.get(normal(said.removeprefix(about.allele)))
        if result.allele and answer is None:
            answer = ANSWERS.get(text)
        if answer in FOUND.values() and (result.allele or said.startswith(about.allele)):
            return Known(f"{about.allele} {answer}")
        typed = TYPED_ALLELE.findall(said)
        if len(typed) == BOTH:
            held = about.allele.removeprefix("*") in typed
            return Known(f"{about.allele} {'positive' if held else 'negative'}", formula="both alleles as typed")
    return None


def without(gene: str, text: str) -> str:
    """A text without the name of the gene before it."""
    return re.sub(rf"^{re.escape(gene)}[\s:]*", "", text.strip(), flags=re.IGNORECASE)


def normal(text: str) -> str:
    """A wording as it is compared: small letters, American spelling, "extensive" by its present name "normal"."""
    plain = " ".join(text.casefold().replace("-", " ").split())
    for said, meant in (("metaboliser", "metabolizer"), ("ultra rapid", "ultrarapid"), ("extensive", "normal")):
        plain = plain.replace(said, meant)
    return plain

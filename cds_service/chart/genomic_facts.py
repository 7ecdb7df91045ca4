"""The facts of pharmacogenomics, with the words CPIC uses and the codes that results come under.

Genes and words: those of the CPIC recommendations (2024-05) and of the CPIC diplotype tables. A gene that was not
tested is Unknown, never normal.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cds_service.chart.fact_type import FactType, Kind
from cds_service.chart.systems import LOINC, SNOMED

SOURCE = "CPIC, cpicpgx.org, CC0 1.0"

_POOR_TO_NORMAL = ("Poor Metabolizer", "Intermediate Metabolizer", "Normal Metabolizer", "Indeterminate")
_POSSIBLE = "Possible Intermediate Metabolizer"
_RISK = "risk of aminoglycoside-induced hearing loss"

PHENOTYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ABCG2": ("Poor Function", "Decreased Function", "Normal Function"),
        "CACNA1S": ("Malignant Hyperthermia Susceptibility", "Uncertain Susceptibility"),
        "CFTR": ("ivacaftor responsive in CF patients", "ivacaftor non-responsive in CF patients"),
        "CYP2B6": (*_POOR_TO_NORMAL, "Rapid Metabolizer", "Ultrarapid Metabolizer"),
        "CYP2C19": (
            *_POOR_TO_NORMAL,
            *("Likely Poor Metabolizer", "Likely Intermediate Metabolizer"),
            *("Rapid Metabolizer", "Ultrarapid Metabolizer"),
        ),
        "CYP2C9": _POOR_TO_NORMAL,
        "CYP2D6": (*_POOR_TO_NORMAL, "Ultrarapid Metabolizer"),
        "CYP3A5": (*_POOR_TO_NORMAL, _POSSIBLE),
        "DPYD": _POOR_TO_NORMAL,
        "G6PD": ("Deficient with CNSHA", "Deficient", "Variable", "Normal", "Indeterminate"),
        "MT-RNR1": (f"increased {_RISK}", f"normal {_RISK}", f"uncertain {_RISK}"),
        "NUDT15": (*_POOR_TO_NORMAL, _POSSIBLE),
        "RYR1": ("Malignant Hyperthermia Susceptibility", "Uncertain Susceptibility"),
        "SLCO1B1": (
            *("Poor Function", "Decreased Function", "Possible Decreased Function"),
            *("Normal Function", "Increased Function", "Indeterminate"),
        ),
        "TPMT": (*_POOR_TO_NORMAL, _POSSIBLE),
        "UGT1A1": _POOR_TO_NORMAL,
    }
)

# Genes whose recommendations go by the sum of the activity values of both alleles.
SCORED = ("CYP2C9", "CYP2D6", "DPYD")

# Alleles that are looked for one by one.
RISK_ALLELES = (("HLA-A", "*31:01"), ("HLA-B", "*15:02"), ("HLA-B", "*57:01"), ("HLA-B", "*58:01"))

# What a result under a code of its own is about: the gene, and the allele if it is one. 79716-7: HL7 FHIR R4 example
# Observation; the others: public value sets and catalogues of laboratory tests. No code is listed that was not seen.
GENE_OF_LOINC: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "79716-7": ("CYP2C9", ""),
        "79713-4": ("TPMT", ""),
        "40425-1": ("CYP2D6", ""),
        "50398-7": ("CYP2D6", ""),
        "42358-2": ("HLA-B", "*57:01"),
        "69047-9": ("HLA-B", "*57:01"),
        "57979-7": ("HLA-B", "*15:02"),
    }
)

# Codes under which a result of any gene comes, the gene named beside it: genotype, effect on metabolism, therapeutic
# implication (HL7 Genomics Reporting); genotype determination (HL7 FHIR R4 examples).
ANY_GENE = (
    f"{LOINC}|84413-4",
    f"{LOINC}|53040-2",
    "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs|therapeutic-implication",
    f"{SNOMED}|363779003",
)


def phenotype_of(gene: str) -> str:
    """The name of the fact: `cyp2c19_phenotype`."""
    return f"{name_of(gene)}_phenotype"


def score_of(gene: str) -> str:
    return f"{name_of(gene)}_activity_score"


def allele_of(gene: str, allele: str) -> str:
    """`hla_b_57_01`."""
    return f"{name_of(gene)}_{allele.removeprefix('*').replace(':', '_')}"


def name_of(gene: str) -> str:
    return gene.lower().replace("-", "_")


def _codes(gene: str, allele: str = "") -> tuple[str, ...]:
    own = (f"{LOINC}|{code}" for code, about in GENE_OF_LOINC.items() if about == (gene, allele))
    return (*ANY_GENE, *own)


def _code(name: str, label: str, words: tuple[str, ...], codes: tuple[str, ...]) -> FactType:
    return FactType(name, label, Kind.CODE, words=words, key="genomics", codes=codes, source=SOURCE)


def _score(gene: str) -> FactType:
    label, codes = f"{gene} activity score", _codes(gene)
    return FactType(score_of(gene), label, Kind.QUANTITY, unit="{score}", key="genomics", codes=codes, source=SOURCE)


GENOMICS = (
    *(_code(phenotype_of(gene), f"{gene} phenotype", words, _codes(gene)) for gene, words in PHENOTYPES.items()),
    *(_score(gene) for gene in SCORED),
    *(
        _code(
            allele_of(gene, allele),
            f"{gene}{allele}",
            (f"{allele} positive", f"{allele} negative"),
            _codes(gene, allele),
        )
        for gene, allele in RISK_ALLELES
    ),
)

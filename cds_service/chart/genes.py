"""From a reported diplotype to CPIC's phenotype and activity score, by what each allele does."""

import re
from collections.abc import Mapping

import msgspec

# One allele decides: the X chromosome of a man, and what mitochondria hold.
HAPLOID = frozenset({"G6PD", "MT-RNR1"})
SUBALLELE = re.compile(r"(\*\d+)\.\d+")


class Phenotype(msgspec.Struct, frozen=True):
    """What a pair of allele functions makes; `activity_score` as CPIC writes it ("1.5", "≥3.0"), empty without one."""

    word: str
    activity_score: str = ""


class Gene(msgspec.Struct, frozen=True):
    """One gene: the function of each allele, and the phenotype of each pair of functions in alphabetical order."""

    functions: Mapping[str, str]
    phenotypes: Mapping[tuple[str, ...], Phenotype]


Genes = Mapping[str, Gene]
NO_GENES: Genes = {}


def read_diplotype(gene: str, text: str, genes: Genes) -> Phenotype | None:
    """The phenotype of a diplotype ("*1/*4", "CYP2D6 *1/*4.001"); None when it is none or an allele is not known.

    Suballeles count as their star allele. Some allele names hold a slash themselves, so every way to part the text in
    two known alleles is tried.
    """
    table = genes.get(gene)
    if table is None:
        return None
    plain = SUBALLELE.sub(r"\1", re.sub(rf"{re.escape(gene)}[\s:]*", "", text, flags=re.IGNORECASE)).strip()
    if gene in HAPLOID and plain in table.functions:
        return table.phenotypes.get((table.functions[plain],))
    for slash in (place for place, sign in enumerate(plain) if sign == "/"):
        alleles = plain[:slash].strip(), plain[slash + 1 :].strip()
        if all(allele in table.functions for allele in alleles):
            return table.phenotypes.get(tuple(sorted(table.functions[allele] for allele in alleles)))
    return None

"""Reads what each allele of a gene does, and what two of them make together."""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement

from cds_service.chart.genes import HAPLOID, Gene, Genes, Phenotype
from cds_service.chart.genomic_facts import PHENOTYPES
from cds_service.knowledge.page import Page, name_list, suggest

ALLELES_FILE = "rules/genomics/alleles.csv"
PHENOTYPES_FILE = "rules/genomics/phenotypes.csv"
JOIN = " + "

Rows = Sequence[Mapping[str, str]]


def read_genes(alleles_page: Page, alleles: Rows, phenotypes_page: Page, phenotypes: Rows) -> Genes:
    """The genes of both files. An unknown gene or phenotype, an allele given twice, and functions of a gene that no
    row puts together are noted."""
    functions: dict[str, dict[str, str]] = {}
    for number, row in enumerate(alleles, 1):
        gene, allele = row["gene"], row["allele"]
        if is_gene(alleles_page, number, gene):
            if allele in functions.setdefault(gene, {}):
                alleles_page.note(f"row {number}", f"{allele!r} of {gene} is listed twice")
            functions[gene][allele] = row["function"]
    made: dict[str, dict[tuple[str, ...], Phenotype]] = {gene: {} for gene in functions}
    for number, row in enumerate(phenotypes, 1):
        gene, word = row["gene"], row["phenotype"]
        if not is_gene(phenotypes_page, number, gene):
            continue
        if word not in PHENOTYPES[gene]:
            near = suggest(word, PHENOTYPES[gene])
            phenotypes_page.note(f"row {number}", f"{gene} has no phenotype {word!r}{near}")
        pair = tuple(sorted(row["functions"].split(JOIN)))
        made.setdefault(gene, {})[pair] = Phenotype(word, row["activity_score"])
    for gene, listed in functions.items():
        check_pairs(phenotypes_page, gene, frozenset(listed.values()), made[gene])
    return {gene: Gene(listed, made[gene]) for gene, listed in functions.items()}


def is_gene(page: Page, number: int, gene: str) -> bool:
    if gene not in PHENOTYPES:
        page.note(f"row {number}", f"no fact of the patient is about a gene {gene!r}{suggest(gene, PHENOTYPES)}")
    return gene in PHENOTYPES


def check_pairs(page: Page, gene: str, functions: frozenset[str], made: Mapping[tuple[str, ...], Phenotype]) -> None:
    """Every two functions make a phenotype; where one allele decides every function alone does."""
    wanted: set[tuple[str, ...]] = {(function,) for function in functions} if gene in HAPLOID else set()
    if gene not in HAPLOID or any(len(pair) > 1 for pair in made):
        wanted |= set(combinations_with_replacement(sorted(functions), 2))
    lacking = sorted(JOIN.join(pair) for pair in wanted - made.keys())
    if lacking:
        page.note("functions", f"{gene} has no phenotype for {name_list(lacking, 'and')}")

"""The tables of alleles: what is read of them, and what is said of a slip."""

import pytest

from cds_service.knowledge.genomics import read_genes
from cds_service.knowledge.page import Page

NO, FULL = "No function", "Normal function"
POOR, NORMAL, BETWEEN = "Poor Metabolizer", "Normal Metabolizer", "Intermediate Metabolizer"


def allele(name: str, function: str, gene: str = "TPMT") -> dict[str, str]:
    return {"gene": gene, "allele": name, "function": function}


def made(functions: str, phenotype: str, gene: str = "TPMT", score: str = "") -> dict[str, str]:
    return {"gene": gene, "functions": functions, "phenotype": phenotype, "activity_score": score}


ALLELES = [allele("*1", FULL), allele("*2", NO)]
PAIRS = [made(f"{NO} + {NO}", POOR), made(f"{NO} + {FULL}", BETWEEN), made(f"{FULL} + {FULL}", NORMAL)]


def complaints(alleles: list[dict[str, str]], phenotypes: list[dict[str, str]]) -> list[str]:
    pages = Page("rules/genomics/alleles.csv"), Page("rules/genomics/phenotypes.csv")
    read_genes(pages[0], alleles, pages[1], phenotypes)
    return [problem.message for page in pages for problem in page.problems]


def test_alleles_and_what_they_make_are_read() -> None:
    page = Page("rules/genomics/alleles.csv")
    gene = read_genes(page, ALLELES, page, PAIRS)["TPMT"]
    assert gene.functions == {"*1": FULL, "*2": NO}
    assert gene.phenotypes[NO, FULL].word == BETWEEN
    assert page.problems == []


def test_no_tables_are_no_genes() -> None:
    assert read_genes(Page("a"), (), Page("b"), ()) == {}


@pytest.mark.parametrize(
    ("alleles", "phenotypes", "says"),
    [
        ([*ALLELES, allele("*1", NO)], PAIRS, "'*1' of TPMT is listed twice"),
        ([*ALLELES, allele("*1", NO, "TPTM")], PAIRS, "no fact of the patient is about a gene 'TPTM'; did you mean"),
        (ALLELES, [*PAIRS, made(NO, POOR, "TPTM")], "no fact of the patient is about a gene 'TPTM'; did you mean"),
        (ALLELES, [*PAIRS[:2], made(f"{FULL} + {FULL}", "Normal")], "TPMT has no phenotype 'Normal'"),
        (ALLELES, PAIRS[1:], f"TPMT has no phenotype for {NO} + {NO}"),
        ([allele("A", FULL, "MT-RNR1")], [], f"MT-RNR1 has no phenotype for {FULL}"),
    ],
)
def test_a_slip_in_the_tables_is_explained(
    alleles: list[dict[str, str]], phenotypes: list[dict[str, str]], says: str
) -> None:
    assert any(message.startswith(says) for message in complaints(alleles, phenotypes)), complaints(alleles, phenotypes)

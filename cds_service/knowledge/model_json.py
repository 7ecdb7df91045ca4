"""Reads model.json: the terms of each outcome, held against the predictors of the bundle."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import inf
from typing import Any

import msgspec

from cds_service.knowledge.bundle import Predictor
from cds_service.knowledge.bundle_files import (
    CategoriesTerm,
    FactorTable,
    FunctionTable,
    LinearTerm,
    ModelFile,
    ProductTerm,
    SumTable,
    Table2Term,
    TableTerm,
    TermTable,
)
from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.terms import (
    Categories,
    Factor,
    Function,
    Linear,
    Link,
    Product,
    Reported,
    Shape,
    Sum,
    Table,
    Table2,
    Term,
)

Known = Mapping[str, Predictor]


def read_model(page: Page, document: Mapping[str, Any], outcomes: tuple[str, ...], known: Known) -> dict[str, Function]:
    """The function of each outcome; what is wrong is noted on the page."""
    if "outcomes" in document:
        tables = msgspec.convert(document, ModelFile).outcomes
    else:
        tables = {outcomes[0]: msgspec.convert(document, FunctionTable)}
    if set(tables) != set(outcomes):
        page.note("outcomes", f"bundle.toml has {name_list(outcomes, 'and')}, found {name_list(tables, 'and')}")
    return {id: read_function(page, f"outcomes.{id}", table, known) for id, table in tables.items()}


def read_function(page: Page, where: str, table: FunctionTable, known: Known) -> Function:
    sums: Mapping[str, SumTable] = table.strata if table.by else {"": table}
    if table.by and (table.by not in known or set(known[table.by].words) != set(sums)):
        page.note(where, f"'strata' needs one sum for each word of the predictor {table.by!r}")
    for name, each in sums.items():
        if table.link is Link.SURVIVAL and not (each.baseline_survival and 0 < each.baseline_survival < 1):
            page.note(where, f"{name or 'the sum'}: link 'survival' needs a baseline_survival between 0 and 1")
    reported = Reported(table.rounded, table.least, table.most)
    return Function(
        link=table.link,
        strata={name: read_sum(page, f"{where}.{name}".rstrip("."), each, known) for name, each in sums.items()},
        by=table.by,
        reported=None if reported == Reported() else reported,
    )


def read_sum(page: Page, where: str, table: SumTable, known: Known) -> Sum:
    return Sum(
        table.intercept, tuple(read_term(page, where, term, known) for term in table.terms), table.baseline_survival
    )


def read_term(page: Page, where: str, table: TermTable, known: Known) -> Term:
    at = f"{where}.{table.id}"
    for name in (*table.predictors, *((table.to,) if table.to else ())):
        if name not in known:
            page.note(at, f"bundle.toml has no predictor {name!r}{suggest(name, known)}")
    if all(name in known for name in table.predictors):
        for problem in find_problems(table, known):
            page.note(at, problem)
    credited = (table.to,) if table.to else table.predictors
    return Term(table.id, table.predictors, read_shape_of(table), credited, table.unknown)


def read_shape_of(table: TermTable) -> Shape:
    if isinstance(table, TableTerm):
        return Table(table.edges, table.values, table.edges_belong)
    if isinstance(table, Table2Term):
        return Table2(table.edges, table.values)
    if isinstance(table, CategoriesTerm):
        return Categories(table.values, table.other)
    if isinstance(table, LinearTerm):
        return Linear(table.coefficient, table.centre)
    return Product(table.coefficient, tuple(Factor(**msgspec.structs.asdict(factor)) for factor in table.factors))


def find_problems(table: TermTable, known: Known) -> Iterator[str]:
    """What is wrong inside one term."""
    wanted = 2 if isinstance(table, Table2Term) else 1
    if not isinstance(table, ProductTerm) and len(table.predictors) != wanted:
        yield f"this shape takes {wanted} of predictors, found {len(table.predictors)}"
        return
    if isinstance(table, TableTerm):
        yield from find_misfits(table.edges, len(table.values))
    elif isinstance(table, Table2Term):
        first, second = (known[name] for name in table.predictors)
        yield from find_level_misfits(table.edges[0], first, len(table.values))
        for row in table.values:
            yield from find_level_misfits(table.edges[1], second, len(row))
    elif isinstance(table, CategoriesTerm):
        unplaced = sorted(set(known[table.predictors[0]].words) - set(table.values))
        if unplaced and table.other is None:
            yield f"there is no value for {name_list(unplaced, 'and')} and no 'other'"
    elif isinstance(table, ProductTerm):
        if {factor.predictor for factor in table.factors} != set(table.predictors):
            yield "'predictors' names those of its factors"
        for factor in table.factors:
            yield from find_undefined(factor, known)


def find_level_misfits(levels: tuple[float | str, ...], predictor: Predictor, values: int) -> Iterator[str]:
    """A pair has a value for each word of a word, for each interval of a number."""
    numbers = tuple(level for level in levels if not isinstance(level, str))
    if not predictor.words:
        if len(numbers) != len(levels):
            yield f"{predictor.name!r} is a number, its levels are edges"
        yield from find_misfits(numbers, values)
    elif set(levels) != set(predictor.words) or values != len(levels):
        yield f"{predictor.name!r} needs one value for each of {name_list(predictor.words, 'and')}"


def find_misfits(edges: tuple[float, ...], values: int) -> Iterator[str]:
    if values != len(edges) + 1:
        yield f"{len(edges)} edges make {len(edges) + 1} intervals, found {values} values"
    if any(after <= before for before, after in pairwise(edges)):
        yield "edges rise from one to the next"


def find_undefined(factor: FactorTable, known: Known) -> Iterator[str]:
    """A logarithm or a root must be defined over the whole range of its predictor."""
    if factor.predictor not in known or not (factor.log or factor.power != 1):
        return
    within = known[factor.predictor].within
    if within is None:
        yield f"{factor.predictor!r} needs a range, because this factor is not defined everywhere"
        return
    low, high = (-inf if factor.floor is None else factor.floor), (inf if factor.ceiling is None else factor.ceiling)
    ends = [min(max(end, low), high) for end in within]
    if any((end - factor.centre) / factor.scale <= 0 for end in ends):
        yield f"this factor is not defined over the whole range of {factor.predictor!r}"

"""Reads the predictors of a model: each is a chart fact, or a question to the chart."""

from collections.abc import Iterator

from cds_service.chart.catalogue import CATALOGUE, FactType, Kind
from cds_service.knowledge.bundle import IfMissing, Predictor
from cds_service.knowledge.bundle_files import Assume, PredictorTable
from cds_service.knowledge.conditions import read_condition
from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.rules import Condition
from cds_service.knowledge.terms import Value
from cds_service.knowledge.vocabulary import PATIENT_FACTS, Vocabulary

YES_OR_NO = (0.0, 1.0)


def read_predictors(page: Page, tables: tuple[PredictorTable, ...], vocabulary: Vocabulary) -> Iterator[Predictor]:
    names: set[str] = set()
    for number, table in enumerate(tables, 1):
        where = f"predictor[{number}]"
        if table.name in names:
            page.note(f"{where}.name", f"two predictors are called {table.name!r}")
        names.add(table.name)
        if bool(table.fact) == bool(table.when):
            page.note(where, "a predictor has either a fact or a question in 'when'")
        elif table.when:
            yield read_question(page, where, table, vocabulary)
        else:
            yield from read_fact(page, where, table)


def read_question(page: Page, where: str, table: PredictorTable, vocabulary: Vocabulary) -> Predictor:
    """A yes-or-no question; its fact goes by the predictor's own name."""
    if table.name in CATALOGUE:
        page.note(f"{where}.name", f"{table.name!r} is a fact of the chart; a question needs another name")
    if not table.label:
        page.note(where, "a question needs a label")
    condition = read_condition(page, f"{where}.when", table.when, (), vocabulary)
    return finish(table, table.label, table.name, within=YES_OR_NO, when=condition)


def read_fact(page: Page, where: str, table: PredictorTable) -> Iterator[Predictor]:
    fact = PATIENT_FACTS.get(table.fact)
    if fact is None or fact.kind is Kind.LIST:
        near = suggest(table.fact, PATIENT_FACTS)
        page.note(f"{where}.fact", f"no single fact of the chart is called {table.fact!r}{near}")
        return
    for problem in find_problems(table, fact):
        page.note(where, problem)
    within = YES_OR_NO if fact.kind is Kind.BOOLEAN else table.range
    words = (table.words or fact.words) if fact.kind is Kind.CODE else ()
    yield finish(table, table.label or fact.label, fact.name, within=within, words=words, unit=table.unit)


def find_problems(table: PredictorTable, fact: FactType) -> Iterator[str]:
    """What does not fit between a predictor and its fact."""
    if fact.kind is not Kind.QUANTITY:
        if table.unit or table.range:
            yield f"only a number has a unit and a range; {fact.name!r} is none"
        if strange := sorted(set(table.words) - set(fact.words)) if fact.words else []:
            yield f"{fact.name!r} is never {name_list(map(repr, strange))}"
        return
    if table.unit != fact.unit:
        yield f"{fact.name!r} is counted in {fact.unit!r}, found {table.unit!r}"
    if table.range is None or table.range[0] > table.range[1]:
        yield "a number needs the range the model was made for: range = [lowest, highest]"


def finish(
    table: PredictorTable,
    label: str,
    fact: str,
    *,
    when: Condition | None = None,
    unit: str | None = None,
    within: tuple[float, float] | None = None,
    words: tuple[str, ...] = (),
) -> Predictor:
    assume = table.missing if isinstance(table.missing, Assume) else None
    return Predictor(
        name=table.name,
        label=label,
        fact=fact,
        when=when,
        unit=unit,
        within=within,
        words=words,
        if_missing=IfMissing.ASSUME if isinstance(table.missing, Assume) else IfMissing(table.missing),
        assumed=None if assume is None else plain_value(assume.assume),
        because="" if assume is None else assume.because,
        modifiable=table.modifiable,
    )


def plain_value(value: bool | float | str) -> Value:
    """Yes and no as 1.0 and 0.0."""
    return value if isinstance(value, str) else float(value)

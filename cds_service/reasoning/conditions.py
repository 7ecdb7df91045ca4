"""Reading nested conditions: `all`, `any` and `not` over lines."""

from collections.abc import Sequence

from cds_service.chart.chart import Chart
from cds_service.knowledge.rules import Condition, Line
from cds_service.reasoning.lines import read_line
from cds_service.reasoning.logic import Truth, all_of, any_of
from cds_service.reasoning.verdicts import PLAIN, Bindings, Verdict, merge, oppose


def weigh(condition: Condition, chart: Chart, bindings: Bindings) -> Verdict:
    """The verdict on a line or a group of conditions."""
    if isinstance(condition, Line):
        return read_line(condition, chart, bindings)
    if condition.kind == "not":
        return oppose(weigh(condition.members[0], chart, bindings))
    weigh_members = weigh_all if condition.kind == "all" else weigh_any
    return weigh_members(condition.members, chart, bindings)


def weigh_all(conditions: Sequence[Condition], chart: Chart, bindings: Bindings) -> Verdict:
    """`and`: the first false verdict decides alone; otherwise every member was read and counts."""
    if not conditions:
        return PLAIN[Truth.TRUE]
    if len(conditions) == 1:
        return weigh(conditions[0], chart, bindings)
    verdicts = []
    for condition in conditions:
        verdict = weigh(condition, chart, bindings)
        if verdict.truth is Truth.FALSE:
            return verdict
        verdicts.append(verdict)
    return merge(all_of([verdict.truth for verdict in verdicts]), verdicts)


def weigh_any(conditions: Sequence[Condition], chart: Chart, bindings: Bindings) -> Verdict:
    """`or`: the first true verdict decides alone; otherwise every member was read and counts."""
    if not conditions:
        return PLAIN[Truth.FALSE]
    if len(conditions) == 1:
        return weigh(conditions[0], chart, bindings)
    verdicts = []
    for condition in conditions:
        verdict = weigh(condition, chart, bindings)
        if verdict.truth is Truth.TRUE:
            return verdict
        verdicts.append(verdict)
    return merge(any_of([verdict.truth for verdict in verdicts]), verdicts)

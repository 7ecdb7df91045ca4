"""Whatever is remembered: cards only ever go away, as wholes, and never a contraindication."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.knowledge.rules import Indicator, Severity
from cds_service.presenting.groups import Group
from cds_service.presenting.memory import Became, Memory, Remembered
from cds_service.presenting.quieting import keep_quiet
from cds_service.reasoning.findings import Finding
from tests.presenting.findings import PROBLEMS, a_finding, a_spoken_rule
from tests.support.charts import NOW, a_chart, a_draft, a_drug

IBUPROFEN, NAPROXEN, WARFARIN = a_draft("ibuprofen"), a_draft("naproxen"), a_drug("warfarin")
CHART = a_chart(orders=(IBUPROFEN, NAPROXEN), medications=(WARFARIN,))
SEVERITIES = st.sampled_from(list(Severity))
DOSES = {"ibuprofen products": 1.0, "naproxen products": 1.0, "warfarin products": 1.0}

findings = st.builds(
    lambda number, severity, drug, snooze, indicator: a_finding(
        a_spoken_rule(f"rule-{number}", severity=severity, snooze=snooze), drug, WARFARIN, indicator=indicator
    ),
    st.integers(0, 3),
    SEVERITIES,
    st.sampled_from([IBUPROFEN, NAPROXEN]),
    st.sampled_from(["P30D", "P1D", None]),
    st.sampled_from(list(Indicator)),
)
groups = st.lists(st.lists(findings, min_size=1, max_size=3), max_size=4).map(
    lambda found: tuple(Group(str(n), PROBLEMS[0], tuple(each)) for n, each in enumerate(found))
)
remembered = st.builds(
    lambda number, drug, became, days, indicator: Remembered(
        rule=f"rule-{number}",
        ingredients=tuple(sorted((drug, "warfarin"))),
        became=became,
        at=NOW - timedelta(days=days),
        decision_id="",
        indicator=indicator,
        doses={name: count for name, count in DOSES.items() if name.split()[0] in (drug, "warfarin")},
    ),
    st.integers(0, 3),
    st.sampled_from(["ibuprofen", "naproxen"]),
    st.sampled_from(list(Became)),
    st.integers(-1, 40),
    st.sampled_from(list(Indicator)),
)
memories = st.lists(remembered, max_size=8).map(lambda told: Memory(NOW, tuple(told)))


def told_in(said: tuple[Group, ...]) -> list[Finding]:
    return [finding for group in said for finding in group.findings]


@given(groups, memories)
def test_cards_go_away_as_wholes_and_every_finding_of_them_has_a_reason(
    said: tuple[Group, ...], memory: Memory
) -> None:
    left, quiet = keep_quiet(said, memory, CHART)
    gone = [group for group in said if group not in left]
    assert [group for group in said if group in left] == list(left)
    assert [withheld.finding for withheld in quiet] == told_in(tuple(gone))
    assert all(withheld.reason for withheld in quiet)


@given(groups, memories)
def test_nothing_contraindicated_and_nothing_without_a_snooze_goes_away(
    said: tuple[Group, ...], memory: Memory
) -> None:
    _, quiet = keep_quiet(said, memory, CHART)
    assert all(each.finding.rule.severity is not Severity.CONTRAINDICATED for each in quiet)
    assert all(each.finding.rule.snooze for each in quiet)


@given(groups, memories, remembered)
def test_remembering_more_never_says_more(said: tuple[Group, ...], memory: Memory, more: Remembered) -> None:
    left, _ = keep_quiet(said, memory, CHART)
    less, _ = keep_quiet(said, Memory(NOW, (*memory.told, more)), CHART)
    assert {id(group) for group in less} <= {id(group) for group in left}


@given(groups)
def test_without_a_memory_everything_is_said(said: tuple[Group, ...]) -> None:
    assert keep_quiet(said, Memory(), CHART) == (said, ())
    assert keep_quiet(said, Memory(NOW), CHART) == (said, ())


@given(groups, memories)
def test_nothing_that_interrupts_goes_away_because_of_an_order(said: tuple[Group, ...], memory: Memory) -> None:
    ordered = (("ibuprofen",),)  # which is on the chart
    told = tuple(replace(each, ordered=ordered) for each in memory.told if each.became is Became.ACTED_ON)
    _, quiet = keep_quiet(said, Memory(NOW, told), CHART)
    assert all(each.finding.indicator is Indicator.INFO for each in quiet)

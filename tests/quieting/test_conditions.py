"""Which conditions and amounts are remembered, worked out by hand."""

from cds_service.chart.drugs import Dose
from cds_service.chart.facts import Known
from cds_service.knowledge.rules import Indicator
from cds_service.presenting.memory import doses_of, held_of, unproven_of
from tests.presenting.findings import a_spoken_rule
from tests.support.charts import (
    a_chart,
    a_dose,
    a_draft,
    a_drug,
    a_grade,
    a_line,
    a_renewal,
    all_lines,
    any_line,
    not_line,
    not_sent,
    number,
)

high = a_line("inr", "above", 4.0, unit="{INR}")
raised = a_line("inr", "above", 3.0, unit="{INR}")
low_potassium = a_line("potassium", "below", 3.5, unit="mmol/L")


def test_every_line_that_holds_is_remembered_inside_groups_that_do_not() -> None:
    rule = a_spoken_rule(grades=(a_grade(all_lines(raised, low_potassium), "critical"),))
    assert held_of(rule, a_chart(inr=number(3.2, "{INR}"), potassium=number(4, "mmol/L")), {}) == ("grade 0.0",)


def test_a_line_inside_a_not_counts_when_it_is_false() -> None:
    rule = a_spoken_rule(all=(any_line(not_line(raised), low_potassium),))
    assert held_of(rule, a_chart(inr=number(2, "{INR}"), potassium=not_sent()), {}) == ("all 0", "all 0.0", "all 0.0.0")
    assert held_of(rule, a_chart(inr=number(5, "{INR}"), potassium=not_sent()), {}) == ()


def test_grades_that_make_it_milder_are_told_apart() -> None:
    rule = a_spoken_rule(grades=(a_grade(not_line(raised), "info"), a_grade(high, "warning")))
    assert held_of(rule, a_chart(inr=number(2, "{INR}")), {}) == ("grade 0", "grade 0.0")
    assert held_of(rule, a_chart(inr=number(2, "{INR}")), {}, Indicator.WARNING) == ()
    assert held_of(rule, a_chart(inr=number(5, "{INR}")), {}, Indicator.WARNING) == ("grade 1",)


def test_what_is_not_known_does_not_hold_and_its_grade_is_not_ruled_out() -> None:
    rule = a_spoken_rule(grades=(a_grade(high, "critical"), a_grade(low_potassium, "critical")))
    chart = a_chart(inr=not_sent(), potassium=number(4, "mmol/L"))
    assert (held_of(rule, chart, {}), unproven_of(rule, chart, {})) == ((), ("grade 0",))


def test_amounts_of_all_products_add_up_and_the_largest_single_one_counts() -> None:
    one = Dose(daily={"x": Known(400.0, "mg/d")}, single={"x": Known(200.0, "mg")})
    two = Dose(daily={"x": Known(600.0, "mg/d")}, single={"x": Known(600.0, "mg")})
    chart = a_chart(orders=[a_draft("one", "x", dose=one)], medications=[a_drug("two", "x", "y", dose=two)])
    # 400 + 600; the larger of 200 and 600; two products with x
    assert doses_of(["x"], chart) == {"x daily mg/d": 1000, "x single mg": 600, "x products": 2}


def test_a_lower_bound_is_no_amount() -> None:
    chart = a_chart(orders=[a_draft("one", "x", dose=a_dose("x", 400, at_least=True))])
    assert doses_of(["x"], chart) == {"x daily mg/d at least": 400, "x products": 1}


def test_a_renewal_is_one_product() -> None:
    assert doses_of(["x"], a_chart(orders=[a_renewal("x")])) == {"x products": 1}

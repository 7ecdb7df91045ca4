"""What somebody reads first who has tried the service with a handful of calls."""

from cds_service.monitoring.page import write_page
from cds_service.monitoring.recorded import Span
from cds_service.monitoring.report import Report, make_report
from cds_service.monitoring.terminal import write_passages
from tests.monitoring.traffic import BLEEDING, END, START, Traffic

HOW_MANY = "There were calls; how many, and about how many orders, is hidden."
WHY = (
    "Counts from 1 to 10 are hidden (*), and what they could be worked out from: a report may go to people who may not"
    " read records, and of few people one might be recognised. Whoever may read the records sees every count with"
    " --least 1."
)


def a_handful(traffic: Traffic) -> Traffic:
    """Three calls with an alert each, of which one was overridden."""
    cards = [traffic.call(BLEEDING) for _ in range(3)]
    traffic.answer(cards[-1], "overridden")
    return traffic


def report_on(traffic: Traffic, least: int = 11) -> Report:
    return make_report(traffic.store.database, Span(START, END), least)


def first_lines(report: Report) -> str:
    return " ".join(next(iter(write_passages(report, 80))).lines)


def test_the_first_lines_say_that_small_counts_are_hidden_why_and_how_to_see_them(traffic: Traffic) -> None:
    assert first_lines(report_on(a_handful(traffic))) == f"{HOW_MANY} {WHY}"


def test_the_page_begins_with_it_too(traffic: Traffic) -> None:
    page = write_page(report_on(a_handful(traffic)))
    assert f"<p>{HOW_MANY}</p>\n<p>{WHY}</p>" in page


def test_with_the_least_of_one_every_count_is_there_and_nothing_is_said_of_hiding(traffic: Traffic) -> None:
    said = first_lines(report_on(a_handful(traffic), least=1))
    assert said.startswith("3 calls, 3 of them about orders: 3 orders. Per 100 orders: 100.0 alerts,")
    assert "hidden" not in said


def test_of_many_calls_with_one_rare_rule_both_the_numbers_and_the_hiding_are_told(traffic: Traffic) -> None:
    for _ in range(40):
        traffic.call()
    said = first_lines(report_on(a_handful(traffic)))
    assert said.startswith("43 calls, 43 of them about orders: 43 orders.")
    assert said.endswith(WHY)


def test_where_no_count_is_small_nothing_is_said_of_hiding(traffic: Traffic) -> None:
    for _ in range(12):
        traffic.call()
    assert first_lines(report_on(traffic)).startswith("12 calls, 12 of them about orders: 12 orders.")
    assert "hidden" not in first_lines(report_on(traffic))

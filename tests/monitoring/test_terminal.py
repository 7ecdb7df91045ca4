"""What a report says in a terminal: ids in one piece, the worst first, sentences that a pharmacist reads."""

from datetime import date

import pytest

from cds_service.monitoring.rates import Shift
from cds_service.monitoring.report import Report
from cds_service.monitoring.sentences import tell_overview, tell_what_comes_first, tell_what_helps
from cds_service.monitoring.terminal import MOST_CAUSES, MOST_RULES, write_passages
from tests.monitoring.lines import ALERTS, LONG, a_line, a_report, an_overview, quiet

SELDOM = " is accepted less often than not"


def lines_of(report: Report, title: str, width: int) -> tuple[str, ...]:
    return next(passage.lines for passage in write_passages(report, width) if passage.title.startswith(title))


@pytest.mark.parametrize("width", [80, 100, 120, 150, 200])
def test_no_line_is_wider_than_the_terminal_and_no_id_is_folded(width: int) -> None:
    report = a_report(a_line(LONG, "1.0.0"), a_line("raas-nsaid", "1.0.0"), offenders=(a_line(LONG, "1.0.0"),))
    lines = [line for passage in write_passages(report, width) for line in passage.lines]
    assert max(map(len, lines)) <= width
    assert sum(f"{LONG} 1.0.0" in line for line in lines) == 2  # once in a sentence, once in the table


def test_an_id_that_is_too_long_for_its_column_has_a_line_of_its_own() -> None:
    heading, long, its_numbers, short = lines_of(
        a_report(a_line(LONG, "1.0.0"), a_line("raas-nsaid", "1")), "By rule", 80
    )
    assert long == f"{LONG} 1.0.0"
    assert its_numbers.split() == ["1,000", "12.5", "10", "%", "60", "%", "30", "%"]
    assert short.split()[:4] == ["raas-nsaid", "1", "1,000", "12.5"]
    assert len(heading) == len(its_numbers) == len(short) == 80


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (80, "shown per 100 accepted overridden ignored"),
        (100, "shown per 100 interrupting accepted overridden ignored"),
        (120, "reached shown per 100 interrupting accepted overridden ignored again"),
        (150, "reached undetermined fired shown per 100 interrupting accepted overridden ignored again"),
    ],
)
def test_a_narrow_terminal_has_fewer_columns(width: int, columns: str) -> None:
    assert " ".join(lines_of(a_report(a_line("raas-nsaid", "1")), "By rule", width)[0].split()) == columns


def test_a_wide_terminal_has_the_intervals() -> None:
    assert "10\N{NO-BREAK SPACE}% (8–12)" in lines_of(a_report(a_line("raas-nsaid", "1")), "By rule", 160)[1]


def test_rules_that_never_fired_are_counted_and_not_listed() -> None:
    report = a_report(a_line("raas-nsaid", "1"), quiet("silent", "1"), quiet("calm", "1"))
    told = lines_of(report, "By rule", 80)
    assert not any("silent" in line for line in told)
    assert told[-1] == "2 were reached and never fired: --form html and --form csv list all."


def test_the_most_frequent_causes_of_not_knowing_are_listed() -> None:
    causes = {f"value {n}: not sent": 1000 - n for n in range(MOST_CAUSES + 1)}
    told = lines_of(a_report(unknowns=causes), "What was not known", 80)
    assert [line.split()[-1] for line in told[:2]] == ["calls", "1,000"]
    assert len(told) == 1 + MOST_CAUSES


def test_of_many_rules_the_first_are_listed() -> None:
    told = lines_of(a_report(*[a_line(f"rule-{n}", "1") for n in range(MOST_RULES + 3)]), "By rule", 80)
    assert len(told) == 1 + MOST_RULES + 1
    assert told[-1].startswith("3 more fired:")


def test_what_to_look_at_first_is_told_in_sentences() -> None:
    crashed = a_line("crasher", "2.0", counts={**ALERTS, "failed": 12})
    shift = Shift("louder", True, date(2026, 11, 2), date(2026, 11, 5), (100, 5000), (300, 5000))
    report = a_report(
        crashed,
        offenders=(a_line("raas-nsaid", "1.1.0"),),
        shifts=(shift,),
        unknowns={"value inr: not sent": 2301, "value qtc: too old": None},
    )
    assert [sentence.replace("\N{NO-BREAK SPACE}", " ") for sentence in tell_what_comes_first(report)] == [
        "crasher 2.0 crashed in 12 calls: there it checked nothing.",
        "louder: more since 2026-11-02 (noticed 2026-11-05), 2.0 before, 6.0 after, per 100 calls about orders.",
        # 600 of 700: Wilson's interval by hand, 0.829 to 0.881
        "raas-nsaid 1.1.0 is mostly overridden where it is answered: 1,000 alerts, 12.5 per 100 orders;"
        " of 700 that were answered 600 were overridden, 86 % (83–88); nobody said what became of the other 300."
        " Reason given most: monitored (300). Overridden again for the same patient and drugs: 37.",
        "Not known most often: value inr: not sent (2,301 calls); value qtc: too old (* calls).",
    ]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        # Wilson's intervals by hand: 5 of 5 is 0.566 to 1, 3 of 3 is 0.438 to 1, 30 of 60 is 0.377 to 0.623
        ((0, 5), " is mostly overridden where it is answered: 69 alerts; of 5 that were answered 5 were overridden,"),
        ((0, 3), f"{SELDOM}: 69 alerts; of 3 that were answered 3 were overridden, 100 % (44–100);"),
        ((30, 30), f"{SELDOM}: 69 alerts; of 60 that were answered 30 were overridden, 50 % (38–62);"),
        ((0, 0), f"{SELDOM}: 69 alerts; nobody said what became of them."),
        ((8, 2), f"{SELDOM}: 69 alerts; of 10 that were answered 2 were overridden, 20 % (6–51);"),
    ],
)
def test_a_rule_is_mostly_overridden_only_where_more_than_half_of_the_answers_certainly_are(
    answers: tuple[int, int], said: str
) -> None:
    counts = {"shown": 69, "accepted": answers[0], "overridden": answers[1], "ignored": 9}
    rule = a_line("raas-nsaid", "1", counts=counts, burden=None, reasons={})
    (sentence,) = tell_what_comes_first(a_report(offenders=(rule,)))
    assert sentence.replace("\N{NO-BREAK SPACE}", " ").startswith(f"raas-nsaid 1{said}")


def test_of_a_rule_whose_answers_are_hidden_nothing_is_said_of_them() -> None:
    hidden = a_line("raas-nsaid", "1", counts={**ALERTS, "accepted": None, "repeated": 0}, burden=None, reasons={})
    assert list(tell_what_comes_first(a_report(offenders=(hidden,)))) == [f"raas-nsaid 1{SELDOM}: 1,000 alerts."]


def test_what_helps_is_named_or_that_nothing_does() -> None:
    good = a_line("raas-nsaid", "1")
    (helps,) = tell_what_helps(a_report(helpful=(good,)))
    assert helps.replace("\N{NO-BREAK SPACE}", " ").startswith(
        "raas-nsaid 1 is accepted more often than most: 1,000 alerts, 12.5 per 100 orders;"
        " of 700 that were answered 100 were accepted, 14 % (12–17);"
    )
    (nothing,) = tell_what_helps(a_report(offenders=(good,)))
    assert nothing == "No rule is certainly accepted more often than all alerts together."
    assert list(tell_what_helps(a_report())) == []


def test_the_numbers_say_what_they_are_per() -> None:
    told = [sentence.replace("\N{NO-BREAK SPACE}", " ") for sentence in tell_overview(an_overview(strays=1))]
    assert told == [
        "9,000 calls, 7,000 of them about orders: 8,000 orders.",
        "Per 100 orders: 12.5 alerts, 4.0 of them interrupting;"
        " 10.0 cards (critical 1.0, warning 3.0, info 5.0, the others without an alert).",
        "1,000 alerts; of 700 that were answered 600 were overridden, 86 % (83–88);"
        " nobody said what became of the other 300.",
        "1 report of clients about cards that nobody knows.",
    ]


def test_what_was_recorded_before_orders_were_counted_is_said() -> None:
    assert "Orders are counted since 2026-11-01: what is per 100 orders leaves out 40 calls about orders." in [
        *tell_overview(an_overview(uncounted=40))
    ]
    assert (
        "How many orders there were was not counted yet in 40 calls about orders: nothing can be said per 100 orders."
        in [*tell_overview(an_overview(uncounted=40, counted_from=None))]
    )


def test_where_there_were_no_orders_nothing_is_said_per_100_of_them() -> None:
    told = [*tell_overview(an_overview(order_calls=0, alerts=a_line(orders=0, burden=None)))]
    assert told[0] == "9,000 calls, 0 of them about orders."
    assert not any("Per 100" in sentence for sentence in told)


def test_of_many_rules_that_crashed_the_first_are_named() -> None:
    crashed = [a_line(f"rule-{n}", "1", counts={**ALERTS, "failed": 12}) for n in range(8)]
    told = [*tell_what_comes_first(a_report(*crashed))]
    assert told[4:] == ["rule-4 1 crashed in 12 calls: there it checked nothing.", "3 more rules crashed."]


def test_nothing_is_said_of_a_time_without_calls() -> None:
    assert list(tell_overview(an_overview(calls=0))) == ["No call was recorded in this time."]

"""What a report counts, and what it leaves out."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from cds_service.monitoring.recorded import Span
from cds_service.monitoring.report import Line, Report, make_report
from cds_service.store.outcomes import read_outcomes
from cds_service.store.tables import FEEDBACK
from tests.monitoring.traffic import BLEEDING, DAY, END, QUIET, START, Traffic
from tests.store.entries import decision_id

EVERY_COUNT = 1


def report_on(traffic: Traffic, tenant: str | None = None, until: float = END, least: int = EVERY_COUNT) -> Report:
    return make_report(traffic.store.database, Span(START, until, tenant), least)


def line(report: Report, *key: str, view: str = "rule") -> Line:
    return next(each for each in report.views[view] if each.key == key)


def test_each_alert_is_accepted_overridden_or_ignored(traffic: Traffic) -> None:
    for outcome in ("accepted", "overridden", "overridden", ""):
        card = traffic.call(BLEEDING)
        if outcome:
            traffic.answer(card, outcome, "benefit-outweighs-risk" if outcome == "overridden" else "")
    found = line(report_on(traffic), "warfarin-nsaid", "1.0.0")
    assert [found.counts[name] for name in ("evaluated", "fired", "shown", "accepted", "overridden", "ignored")] == [
        *(4, 4, 4, 1, 2, 1)
    ]
    assert found.reasons == {"benefit-outweighs-risk": 2}
    assert found.accepted is not None
    assert found.overridden is not None
    assert (found.accepted.share, found.overridden.share) == (0.25, 0.5)
    # Wilson's interval of 2 of 4, from its formula by hand: 0.150 to 0.850
    assert (found.overridden.low, found.overridden.high) == pytest.approx((0.15, 0.85), abs=5e-4)


def test_a_rule_that_was_reached_and_did_not_fire_is_evaluated(traffic: Traffic) -> None:
    traffic.call(BLEEDING, reached={"silent": ("warfarin-nsaid", "metformin-egfr")})
    traffic.call(reached={"silent": ("metformin-egfr",), "undetermined": ("warfarin-nsaid",)})
    traffic.call(reached={"error": ("warfarin-nsaid",)})
    found = report_on(traffic)
    bleeding = line(found, "warfarin-nsaid", "1.0.0")
    assert [bleeding.counts[name] for name in ("evaluated", "undetermined", "failed", "fired")] == [3, 1, 1, 1]
    assert line(found, "metformin-egfr", "").counts["evaluated"] == 2


def test_a_card_shown_less_than_a_day_ago_is_not_ignored_yet(traffic: Traffic) -> None:
    traffic.answer(traffic.call(BLEEDING), "accepted")
    traffic.call(BLEEDING)
    now = traffic.clock.now
    early = line(report_on(traffic, until=now + DAY / 2), "warfarin-nsaid", "1.0.0").counts
    late = line(report_on(traffic, until=now + 2 * DAY), "warfarin-nsaid", "1.0.0").counts
    assert (early["open"], early["ignored"]) == (1, 0)
    assert (late["open"], late["ignored"]) == (0, 1)


def test_of_a_client_that_never_reports_nobody_can_tell_what_was_ignored(traffic: Traffic) -> None:
    traffic.call(BLEEDING)
    found = line(report_on(traffic), "warfarin-nsaid", "1.0.0")
    assert (found.counts["untold"], found.counts["ignored"]) == (1, 0)
    assert found.overridden is None


def test_a_card_of_which_something_was_accepted_is_not_overridden(traffic: Traffic) -> None:
    card = traffic.call(BLEEDING)
    traffic.answer(card, "accepted")
    traffic.answer(card, "overridden", "other")
    counts = line(report_on(traffic), "warfarin-nsaid", "1.0.0").counts
    assert (counts["accepted"], counts["overridden"]) == (1, 0)


def test_an_override_of_the_same_drugs_for_the_same_patient_is_a_repeat(traffic: Traffic) -> None:
    other_drug = replace(BLEEDING, ingredients=("11289", "1191"))
    for fired, patient in ((BLEEDING, "a"), (BLEEDING, "a"), (BLEEDING, "b"), (other_drug, "a")):
        traffic.answer(traffic.call(fired, patient_id=patient), "overridden")
    found = line(report_on(traffic), "warfarin-nsaid", "1.0.0")
    assert (found.counts["overridden"], found.counts["repeated"]) == (4, 1)
    assert found.reasons == {"no reason given": 4}


def test_a_reason_in_words_is_counted_and_not_read(traffic: Traffic) -> None:
    traffic.answer(traffic.call(BLEEDING), "overridden", words=b"encrypted")
    traffic.answer(traffic.call(BLEEDING), "overridden", "other", words=b"encrypted")
    found = line(report_on(traffic), "warfarin-nsaid", "1.0.0")
    assert found.reasons == {"in words only": 1, "other": 1}


def test_a_call_sent_again_within_a_minute_counts_once(traffic: Traffic) -> None:
    same = {"hook_instance": "same", "body_sha256": "0" * 64}
    traffic.call(BLEEDING, **same)
    traffic.call(BLEEDING, **same)
    found = report_on(traffic)
    assert found.overview.calls == 1
    assert line(found, "warfarin-nsaid", "1.0.0").counts["shown"] == 1


def test_withheld_findings_fired_and_were_not_shown(traffic: Traffic) -> None:
    traffic.call(QUIET)
    traffic.call(replace(QUIET, reason="other arm"))
    found = line(report_on(traffic), "duplicate-nsaid", "1.0.0")
    assert (found.counts["fired"], found.counts["shown"]) == (1, 0)
    assert found.withheld == {"over the cap": 1}


def test_the_version_of_a_rule_that_never_fired_is_that_of_the_release(traffic: Traffic) -> None:
    """A release that is not kept any more tells the versions of the rules that fired in it only."""
    for release in ("a" * 64, "b" * 64):
        traffic.call(BLEEDING, reached={"silent": ("metformin-egfr",)}, release_digest=release)
    kept = {"a" * 64: {"metformin-egfr": "2.1.0", "warfarin-nsaid": "1.0.0"}}
    found = make_report(traffic.store.database, Span(START, END), EVERY_COUNT, lambda digest: kept.get(digest, {}))
    told = {each.key: each.counts["evaluated"] for each in found.views["rule"]}
    assert told == {("warfarin-nsaid", "1.0.0"): 2, ("metformin-egfr", "2.1.0"): 1, ("metformin-egfr", ""): 1}


def test_a_small_month_counted_by_hand(traffic: Traffic) -> None:
    """Seven calls in two weeks, two clients, two roles, two versions of one rule:

    | call | week | client  | role         | version | orders | became                               |
    |------|------|---------|--------------|---------|--------|--------------------------------------|
    | 1    | 47   | general | Practitioner | 1.0.0   | 2      | overridden, benefit-outweighs-risk   |
    | 2    | 47   | general | Practitioner | 1.0.0   | 1      | overridden again, no reason given    |
    | 3    | 47   | general | pharmacist   | 1.0.0   | 1      | accepted                             |
    | 4    | 47   | general | Practitioner |         | 4      | reached and silent                   |
    | 5    | 48   | general | Practitioner | 1.1.0   | 1      | nobody said anything: ignored        |
    | 6    | 48   | general | Practitioner | 1.1.0   | 1      | withheld: over the cap               |
    | 7    | 48   | north   | Practitioner | 1.1.0   | 10     | shown to a client that tells nothing |
    """
    newer = replace(BLEEDING, version="1.1.0")
    traffic.answer(traffic.call(BLEEDING, patient_id="a", orders=2), "overridden", "benefit-outweighs-risk")
    traffic.answer(traffic.call(BLEEDING, patient_id="a"), "overridden")
    traffic.answer(traffic.call(BLEEDING, role="pharmacist"), "accepted")
    traffic.call(reached={"silent": ("warfarin-nsaid",)}, orders=4)
    traffic.clock.now += 7 * DAY
    traffic.call(newer, release_digest="b" * 64)
    traffic.call(replace(newer, reason="over the cap"), release_digest="b" * 64)
    traffic.call(newer, release_digest="b" * 64, tenant="north", orders=10)
    names = ("evaluated", "fired", "shown", "accepted", "overridden", "ignored", "untold", "repeated")
    found = report_on(traffic)
    told = {
        each.key: ([each.counts[name] for name in names], each.orders, each.burden)
        for view in found.views.values()
        for each in view
    }
    assert told == {
        ("warfarin-nsaid", "1.0.0"): ([4, 3, 3, 1, 2, 0, 0, 1], 20, 15),
        ("warfarin-nsaid", "1.1.0"): ([3, 3, 2, 0, 0, 1, 1, 0], 20, 10),
        ("general",): ([6, 5, 4, 1, 2, 1, 0, 1], 10, 40),
        ("north",): ([1, 1, 1, 0, 0, 0, 1, 0], 10, 10),
        ("Practitioner",): ([6, 5, 4, 0, 2, 1, 1, 1], 19, pytest.approx(400 / 19)),
        ("pharmacist",): ([1, 1, 1, 1, 0, 0, 0, 0], 1, 100),
        ("medication-order-sign",): ([7, 6, 5, 1, 2, 1, 1, 1], 20, 25),
        ("2026-W47",): ([4, 3, 3, 1, 2, 0, 0, 1], 8, 37.5),
        ("2026-W48",): ([3, 3, 2, 0, 0, 1, 1, 0], 12, pytest.approx(200 / 12)),
    }
    assert line(found, "general", view="client").reasons == {"benefit-outweighs-risk": 1, "no reason given": 1}
    assert line(found, "warfarin-nsaid", "1.1.0").withheld == {"over the cap": 1}
    alerts = found.overview.alerts  # 1 of 4 accepted: Wilson's interval by hand, 0.046 to 0.699
    assert alerts.accepted is not None
    assert (alerts.accepted.share, alerts.accepted.low, alerts.accepted.high) == pytest.approx(
        (0.25, 0.046, 0.699), abs=5e-4
    )


def test_burden_is_alerts_per_hundred_orders(traffic: Traffic) -> None:
    """Counted by hand: 3 + 1 + 4 orders in three calls. On them three alerts were shown, two of them warnings: 37.5 and
    25 per 100. The alert on an opened chart is about no order, and the one that was withheld is none."""
    info = replace(BLEEDING, rule="raas-nsaid", indicator="info")
    traffic.call(BLEEDING, info, orders=3)
    traffic.call(QUIET, orders=1)
    traffic.call(BLEEDING, orders=4)
    traffic.call(BLEEDING, hook="patient-view", service="medication-patient-view", orders=None)
    found = report_on(traffic)
    assert (found.overview.calls, found.overview.order_calls, found.overview.uncounted) == (4, 3, 0)
    alerts = found.overview.alerts
    assert (alerts.orders, alerts.counts["shown"], alerts.burden, alerts.interruptions) == (8, 4, 37.5, 25)
    assert (found.overview.cards_per_100, found.overview.urgency) == (
        37.5,
        {"critical": 0, "warning": 25, "info": 12.5},
    )
    told = {each.key[0]: (each.orders, each.burden, each.interruptions) for each in found.views["rule"]}
    assert told == {"warfarin-nsaid": (8, 25, 25), "raas-nsaid": (8, 12.5, 0), "duplicate-nsaid": (8, 0, 0)}
    for view in ("client", "role", "week"):
        assert [each.burden for each in found.views[view]] == [37.5]
    signed, viewed = found.views["service"][0], found.views["service"][1]
    assert (signed.key, signed.orders, signed.burden) == (("medication-order-sign",), 8, 37.5)
    assert (viewed.key, viewed.orders, viewed.burden) == (("medication-patient-view",), 0, None)


def test_each_client_role_and_week_has_its_own_orders(traffic: Traffic) -> None:
    """By hand: general 1 alert on 2 orders, north 1 alert on 5 orders a week later by a pharmacist."""
    traffic.call(BLEEDING, orders=2)
    traffic.clock.now += 7 * DAY
    traffic.call(BLEEDING, orders=5, tenant="north", role="pharmacist")
    found = report_on(traffic)
    for view in ("client", "role", "week"):
        assert [(each.orders, each.burden) for each in found.views[view]] == [(2, 50), (5, 20)]
    assert [(each.orders, each.burden) for each in found.everything] == [(2, 50), (5, 20)]
    assert line(found, "warfarin-nsaid", "1.0.0").burden == pytest.approx(100 * 2 / 7)


def test_calls_whose_orders_were_not_counted_are_on_neither_side_of_the_burden(traffic: Traffic) -> None:
    """Two alerts of before orders were counted would make 3 alerts on 2 orders, 150 per 100, of what is 1 on 2."""
    for _ in range(2):
        traffic.call(BLEEDING, orders=None)
    traffic.clock.now += DAY
    traffic.call(BLEEDING, orders=2)
    found = report_on(traffic)
    assert (found.overview.order_calls, found.overview.uncounted) == (3, 2)
    assert found.overview.counted_from == date(2026, 11, 21)
    assert (found.overview.cards_per_100, found.overview.urgency["warning"]) == (50, 50)
    bleeding = line(found, "warfarin-nsaid", "1.0.0")
    assert (bleeding.counts["shown"], bleeding.orders, bleeding.burden) == (3, 2, 50)


def test_without_counted_orders_the_burden_is_not_known(traffic: Traffic) -> None:
    traffic.call(BLEEDING, orders=None)
    found = report_on(traffic)
    assert (found.overview.uncounted, found.overview.counted_from, found.overview.cards_per_100) == (1, None, None)
    bleeding = line(found, "warfarin-nsaid", "1.0.0")
    assert (bleeding.orders, bleeding.burden) == (None, None)  # not 0 orders


def test_a_few_findings_that_nobody_saw_hide_no_totals(traffic: Traffic) -> None:
    """42 fired and 2 of them were held back: 40 were shown. Nothing of what people saw or did follows from the 2."""
    held_back = replace(BLEEDING, reason="over the cap", card=None)
    for number in range(42):
        card = traffic.call(held_back if number < 2 else BLEEDING)
        if number >= 22:
            traffic.answer(card, "overridden")
    found = line(report_on(traffic, least=11), "warfarin-nsaid", "1.0.0")
    assert (found.counts["fired"], found.counts["shown"], found.counts["overridden"]) == (42, 40, 20)


def test_a_burden_from_which_a_small_count_follows_is_not_shown(traffic: Traffic) -> None:
    """Of 40 alerts 35 are on orders, so 5 are not; of these 35, 5 are not warnings."""
    info = replace(BLEEDING, indicator="info")
    for number in range(40):
        on_orders = {} if number < 35 else {"hook": "patient-view", "orders": None}
        traffic.call(info if number < 5 else BLEEDING, **on_orders)
    found = line(report_on(traffic, least=11), "warfarin-nsaid", "1.0.0")
    assert (found.counts["shown"], found.counts["on_orders"], found.counts["interrupting"]) == (40, None, None)
    assert (found.burden, found.interruptions) == (None, None)


def test_versions_clients_roles_and_weeks_stand_apart(traffic: Traffic) -> None:
    traffic.call(BLEEDING)
    traffic.clock.now += 7 * DAY
    north = {"tenant": "north", "client": "north", "role": "pharmacist", "release_digest": "b" * 64}
    traffic.call(replace(BLEEDING, version="1.1.0"), **north)
    found = report_on(traffic)
    assert [each.key for each in found.views["rule"]] == [("warfarin-nsaid", "1.0.0"), ("warfarin-nsaid", "1.1.0")]
    assert [each.key for each in found.views["service"]] == [("medication-order-sign",)]
    assert [each.key for each in found.views["client"]] == [("general",), ("north",)]
    assert [each.key for each in found.views["role"]] == [("Practitioner",), ("pharmacist",)]
    assert [each.key for each in found.views["week"]] == [("2026-W47",), ("2026-W48",)]  # 20 Nov 2026 is a Friday
    assert len(found.everything) == 2


def test_two_tenants_with_the_same_patient_stay_apart(traffic: Traffic) -> None:
    for tenant in ("general", "north"):
        traffic.answer(traffic.call(BLEEDING, patient_id="same", tenant=tenant), "overridden", tenant=tenant)
    both = line(report_on(traffic), "warfarin-nsaid", "1.0.0").counts
    assert (both["overridden"], both["repeated"]) == (2, 0)
    mine = report_on(traffic, tenant="north")
    assert mine.overview.calls == 1
    assert [each.key for each in mine.views["client"]] == [("north",)]
    assert line(mine, "warfarin-nsaid", "1.0.0").counts["overridden"] == 1


def test_what_is_dated_after_it_was_received_is_not_what_was_reported_last(traffic: Traffic) -> None:
    card = traffic.call(BLEEDING)
    traffic.answer(card, "overridden")
    received, year_9999 = traffic.clock.now + 60, 253_370_764_800.0
    with traffic.store.database.begin() as connection:
        connection.execute(update(FEEDBACK).values(at=year_9999))
    traffic.clock.now += 3600
    traffic.answer(card, "accepted")
    found = read_outcomes(traffic.store.database, START)
    assert found.cards == {card: "accepted"}
    assert list(found.overrides.values()) == [received]


def test_a_report_on_a_client_has_its_tenants_and_nobody_elses(traffic: Traffic) -> None:
    for tenant in ("north", "north/ward", "northern", "general", "no_th/ward"):
        traffic.answer(traffic.call(BLEEDING, tenant=tenant), "overridden", tenant=tenant)

    def clients(tenant: str) -> list[str]:
        found = report_on(traffic, tenant=tenant)
        assert line(found, "warfarin-nsaid", "1.0.0").counts["overridden"] == len(found.views["client"])
        return [each.key[0] for each in found.views["client"]]

    assert clients("north") == ["north", "north/ward"]
    assert clients("north/ward") == ["north/ward"]
    assert clients("no_th") == ["no_th/ward"]  # an underscore is a letter, no pattern


def test_feedback_of_another_tenant_about_a_card_counts_for_nobody(traffic: Traffic) -> None:
    traffic.answer(traffic.call(BLEEDING), "overridden", tenant="north")
    assert line(report_on(traffic), "warfarin-nsaid", "1.0.0").counts["overridden"] == 0


def test_what_was_not_known_is_counted_by_cause(traffic: Traffic) -> None:
    for missing in (("value inr: not sent",), ("value inr: not sent", "drug: unrecognised")):
        traffic.call(reached={"undetermined": ("warfarin-nsaid",), "missing": missing})
    assert report_on(traffic).unknowns == {"value inr: not sent": 2, "drug: unrecognised": 1}


def test_a_rule_is_among_the_worst_when_more_than_half_of_its_alerts_certainly_come_to_nothing(
    traffic: Traffic,
) -> None:
    """By hand: Wilson's lower end of 10 of 12 is 55 %, of 2 of 2 34 %, of 6 of 12 25 %, of 1 of 1 21 %."""
    for rule, overridden, of in (("half", 6, 12), ("rare", 2, 2), ("often", 10, 12), ("once", 1, 1)):
        for number in range(of):
            card = traffic.call(replace(BLEEDING, rule=rule))
            traffic.answer(card, "overridden" if number < overridden else "accepted")
    found = report_on(traffic)
    assert [each.key[0] for each in found.offenders] == ["often"]
    assert [each.key[0] for each in found.views["rule"]] == ["often", "half", "rare", "once"]


def test_alerts_that_are_still_open_make_no_rule_one_of_the_worst(traffic: Traffic) -> None:
    for number in range(69):
        card = traffic.call(BLEEDING)
        if number < 10:
            traffic.answer(card, "overridden" if number < 2 else "accepted")
    found = report_on(traffic, until=traffic.clock.now + DAY / 2)
    assert (line(found, "warfarin-nsaid", "1.0.0").counts["open"], found.offenders) == (59, ())


def test_what_others_did_does_not_follow_from_the_sum_and_the_rest(traffic: Traffic) -> None:
    """93 orders, 89 of them of one client: the 3 and 1 of two others would be known to be 4 together."""
    for tenant, orders in (("north", 89), ("south", 3), ("east", 1)):
        traffic.call(BLEEDING, tenant=tenant, orders=orders)
    found = report_on(traffic, least=11)
    assert (found.overview.alerts.orders, [each.orders for each in found.views["client"]]) == (93, [None] * 3)


def test_the_cards_that_are_hidden_do_not_follow_from_those_of_other_urgency(traffic: Traffic) -> None:
    """21 orders with 16 cards, 15 of them warnings: the one that was critical would follow."""
    for number in range(21):
        critical = [replace(BLEEDING, indicator="critical")] if number == 0 else [BLEEDING] * (number < 16)
        traffic.call(*critical)
    found = report_on(traffic, least=11).overview
    assert (found.urgency, found.cards_per_100) == (
        {"critical": None, "warning": None, "info": 0},
        pytest.approx(100 * 16 / 21),
    )


def test_few_calls_of_another_kind_do_not_follow_from_all_and_those_about_orders(traffic: Traffic) -> None:
    for _ in range(20):
        traffic.call()
    traffic.call(hook="patient-view", service="medication-patient-view", orders=None)
    found = report_on(traffic, least=11).overview
    assert (found.calls, found.order_calls) == (21, None)


def test_a_rule_helps_that_is_certainly_accepted_more_often_than_all_together(traffic: Traffic) -> None:
    """By hand: 22 of 42 are accepted, 52 %. Wilson's lower end of 18 of 20 is 70 %, of 2 of 2 34 %, of 2 of 20 3 %."""
    for rule, accepted, of in (("good", 18, 20), ("lucky", 2, 2), ("bad", 2, 20)):
        for number in range(of):
            card = traffic.call(replace(BLEEDING, rule=rule))
            traffic.answer(card, "accepted" if number < accepted else "overridden")
    assert [each.key[0] for each in report_on(traffic).helpful] == ["good"]


def test_counts_below_eleven_are_hidden_unless_asked_for(traffic: Traffic) -> None:
    for _ in range(12):
        traffic.call(BLEEDING, reached={"silent": ("metformin-egfr",)})
    traffic.call(QUIET)
    found = report_on(traffic, least=11)
    assert line(found, "duplicate-nsaid", "1.0.0").counts["fired"] is None
    assert found.overview.calls == 13
    assert found.overview.urgency["warning"] == pytest.approx(100 * 12 / 13)
    assert found.overview.cards_per_100 == pytest.approx(100 * 12 / 13)


def test_an_empty_span_is_a_report_without_lines(traffic: Traffic) -> None:
    found = report_on(traffic)
    assert found.overview.calls == 0
    assert found.overview.cards_per_100 is None
    assert found.views["rule"] == found.everything == found.offenders == ()


def test_feedback_about_unknown_cards_is_counted(traffic: Traffic) -> None:
    traffic.call(BLEEDING)
    traffic.answer(decision_id(77), "overridden")
    with traffic.store.database.begin() as connection:
        connection.execute(update(FEEDBACK).values(decision_id=None))
    assert report_on(traffic).overview.strays == 1
    assert report_on(traffic, tenant="north").overview.strays == 0


def test_alerts_without_an_answer_hide_nothing(traffic: Traffic) -> None:
    for number in range(40):
        card = traffic.call(BLEEDING)
        if number < 30:
            traffic.answer(card, "accepted" if number < 15 else "overridden")
    found = line(report_on(traffic, until=traffic.clock.now + DAY / 2, least=11), "warfarin-nsaid", "1.0.0")
    assert (found.counts["open"], found.counts["accepted"], found.counts["overridden"]) == (10, 15, 15)
    assert found.overridden is not None


def test_the_only_answers_do_not_follow_from_those_still_open(traffic: Traffic) -> None:
    for number in range(40):
        card = traffic.call(BLEEDING)
        if number < 5:
            traffic.answer(card, "accepted")
    found = line(report_on(traffic, until=traffic.clock.now + DAY / 2, least=11), "warfarin-nsaid", "1.0.0")
    assert found.counts["shown"] == 40
    assert (found.counts["accepted"], found.counts["open"], found.accepted) == (None, None, None)

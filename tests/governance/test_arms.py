"""Which release answers whom, and what is kept of what the other would have said."""

from dataclasses import replace
from hashlib import sha256

from cds_service.governance.arms import CANDIDATE, CONTROL, arms_of, differing, join_services, share
from cds_service.hooks.discovery import CODED_TEMPLATES, CODES_PER_KEY, Service
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Audience, Listeners
from tests.governance.conftest import RULE, Ward, bleeding


def test_the_share_of_a_patient_is_the_published_sum_over_salt_tenant_and_id() -> None:
    # sha256 of the JSON text ["salt","ward","p1"], as a whole number, modulo 100; computed here without the service.
    assert share("salt", "ward", "p1") == int(sha256(b'["salt","ward","p1"]').hexdigest(), 16) % 100


def test_a_wider_share_holds_the_patients_of_the_narrower(shipped: Release, quieter: Release) -> None:
    def chosen(percent: int) -> set[str]:
        arms = arms_of(shipped, quieter, percent, "salt")
        return {f"p{number}" for number in range(400) if arms.pick("ward", f"p{number}").arm == CANDIDATE}

    assert chosen(0) == set()
    assert chosen(10) < chosen(50) < chosen(100)
    assert len(chosen(100)) == 400
    assert 20 <= len(chosen(10)) <= 60  # 40 expected, standard deviation 6


def test_two_tenants_share_their_patients_out_independently() -> None:
    assert [share("s", "north", f"p{n}") for n in range(20)] != [share("s", "south", f"p{n}") for n in range(20)]


def test_one_release_alone_has_no_arms(shipped: Release) -> None:
    picked = arms_of(shipped).pick("ward", "p1")
    assert (picked.release, picked.arm, picked.beside) == (shipped, "", None)


def test_the_roles_known_are_those_that_rules_of_either_arm_or_of_a_tenant_name(shipped: Release) -> None:
    def heard_by(*roles: str) -> Release:
        audience = Audience(besides=Listeners(roles=frozenset(roles)))
        return replace(shipped, rules={**shipped.rules, RULE: replace(shipped.rules[RULE], audience=audience)})

    theirs = replace(shipped, tenants={"north": heard_by("ward pharmacist")})
    assert arms_of(shipped).roles == frozenset()
    assert arms_of(theirs).roles == {"ward pharmacist"}
    assert arms_of(theirs, heard_by("student nurse"), 10, "salt").roles == {"ward pharmacist", "student nurse"}


def test_only_the_rules_that_differ_are_asked_of_the_other_arm(shipped: Release, quieter: Release) -> None:
    only = differing(quieter, shipped)
    assert list(only.rules) == [RULE]
    assert {rule.id for rules in only.index.by_ingredient.values() for rule in rules} == {RULE}


def test_a_silent_candidate_is_recorded_and_shows_nothing(ward: Ward, quieter: Release) -> None:
    record = ward.sign(bleeding(), arms_of(quieter, ward.shipped, 0, "salt"))
    assert (record.arm, record.release_digest, record.beside_digest) == (CONTROL, quieter.digest, ward.shipped.digest)
    assert [(each.rule.id, each.outcome) for each in record.beside] == [(RULE, "fires")]
    assert RULE not in str([card.extension for card in record.cards])
    kept = ward.store.records.envelope(record.decision_id)
    assert kept.row.arm == CONTROL
    assert [(each.rule, each.reason) for each in kept.findings if each.rule == RULE] == [
        (RULE, "rule is silent"),
        (RULE, "other arm"),
    ]


def test_the_candidate_answers_its_patients_and_the_control_is_recorded_beside(ward: Ward, quieter: Release) -> None:
    record = ward.sign(bleeding(), arms_of(quieter, ward.shipped, 100, "salt"))
    assert (record.arm, record.release_digest, record.beside_digest) == (CANDIDATE, ward.shipped.digest, quieter.digest)
    assert RULE in str([card.extension for card in record.cards])


def test_both_arms_read_what_either_needs(shipped: Release, quieter: Release) -> None:
    narrow = replace(quieter, needs=replace(quieter.needs, facts=frozenset({"inr"})))
    wide = replace(shipped, needs=replace(shipped.needs, facts=frozenset({"age"})))
    arms = arms_of(narrow, wide, 50, "salt")
    assert arms.candidate is not None
    assert arms.control.needs.facts == arms.candidate.needs.facts == {"inr", "age"}


def a_service(id: str = "sign", **prefetch: str) -> Service:
    return Service(id, "order-sign", "", "", prefetch)


def labs(*codes: str) -> str:
    return ",".join(codes).join(CODED_TEMPLATES["labs"])


def test_discovery_asks_for_the_codes_of_both_arms() -> None:
    one, other = a_service(labs=labs("l|1", "l|3"), patient="Patient/1"), a_service(labs=labs("l|2"))
    assert list(join_services([one], [other])) == [a_service(labs=labs("l|1", "l|2", "l|3"), patient="Patient/1")]


def test_a_list_of_codes_that_grew_too_long_stays_that_of_the_control() -> None:
    many = labs(*(f"l|{number}" for number in range(CODES_PER_KEY)))
    assert list(join_services([a_service(labs=many)], [a_service(labs=labs("l|x"))])) == [a_service(labs=many)]


def test_a_service_that_only_one_arm_has_is_there() -> None:
    assert [each.id for each in join_services([a_service("a")], [a_service("b")])] == ["a", "b"]

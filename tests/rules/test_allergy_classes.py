"""An allergy entry for a whole class is understood only because some rule speaks of that class."""

from cds_service.chart.allergens import CLASSES, NOT_DRUGS
from cds_service.chart.systems import SNOMED
from cds_service.knowledge.check_rules import used_sets
from cds_service.knowledge.rules import Status
from tests.rules.library import shipped


def listed_codes() -> set[str]:
    """SNOMED CT codes in the allergy sets that active rules use."""
    active = [rule for rule in shipped().release.rules.values() if rule.status is Status.ACTIVE]
    codes = [code for rule in active for each in used_sets(rule) if each.kind == "allergy" for code in each.codes]
    return {code for system, code in codes if system == SNOMED}


def test_every_class_that_is_taken_for_understood_has_an_active_rule() -> None:
    assert set(CLASSES) <= listed_codes()


def test_no_rule_speaks_of_what_is_taken_for_no_drug() -> None:
    assert not set(NOT_DRUGS) & listed_codes()

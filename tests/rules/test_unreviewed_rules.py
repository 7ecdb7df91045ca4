"""What nobody has reviewed is counted and never shown, however a rule is reached."""

from cds_service.governance.review import silence_unreviewed
from cds_service.knowledge.rules import Status
from tests.rules.library import shipped


def test_every_rule_that_any_index_reaches_is_silent_until_it_is_reviewed() -> None:
    before, after = shipped().release.index, silence_unreviewed(shipped().release).index
    assert [rule.id for rule in after.any_drug] == [rule.id for rule in before.any_drug] != []
    listed = [*after.by_ingredient.values(), *after.by_fact.values(), after.any_drug]
    reached = {rule.id: rule for rules in listed for rule in rules}
    assert {rule.status for rule in reached.values() if not rule.reviewed} == {Status.SILENT}

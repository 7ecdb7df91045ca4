"""What the rules will say when the drafts are signed, known before they are."""

from dataclasses import replace

import pytest
from msgspec import structs

from cds_service.chart.chart import Chart
from cds_service.knowledge.suggestions import Suggestion, Verb
from cds_service.presenting.verify import find_when_signed
from cds_service.reasoning.evaluate import evaluate
from tests.presenting.findings import a_spoken_rule
from tests.presenting.test_offer import ACETAMINOPHEN, IBUPROFEN, TABLET, against, bleeding, labels, offered, patient
from tests.support.charts import a_draft, a_side, index_of

RULES = (
    bleeding(),
    a_spoken_rule("both", sides=(a_side("this", ACETAMINOPHEN),), hooks=("order-select", "order-sign")),
    a_spoken_rule("picking", sides=(a_side("this", IBUPROFEN),), hooks=("order-select",)),
    a_spoken_rule("signing", sides=(a_side("this", IBUPROFEN),), hooks=("order-sign",)),
)


def acetaminophen(selected: bool) -> Chart:
    """Ibuprofen is picked; a draft of acetaminophen is there beside it, picked or not."""
    beside = a_draft("acetaminophen", ACETAMINOPHEN, reference="MedicationRequest/o2", selected=selected)
    return patient(*patient().orders.items, beside, hook="order-select")


@pytest.mark.parametrize("chart", [acetaminophen(True), acetaminophen(False), patient(hook="patient-view")])
def test_it_is_what_the_rules_say_of_the_same_chart_at_signing(chart: Chart) -> None:
    index = index_of(*RULES)
    found = find_when_signed(evaluate(index, chart), chart, index)
    at_signing = evaluate(index, structs.replace(chart, hook="order-sign"))
    assert sorted(found, key=lambda each: each.key) == sorted(at_signing, key=lambda each: each.key)
    assert "picking" not in {each.rule.id for each in found}
    assert "signing" in {each.rule.id for each in found}


def test_a_warning_that_would_come_at_signing_keeps_a_replacement_off_while_a_drug_is_picked() -> None:
    rule = bleeding(Suggestion(Verb.REPLACE, "Use it", "a", TABLET))
    picking = patient(hook="order-select")
    later = replace(against(ACETAMINOPHEN, "later"), hooks=("order-sign",))
    assert labels(offered(picking, rule)) == ["Use it"]
    assert labels(offered(picking, rule, later)) == []

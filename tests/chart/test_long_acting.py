"""Whether a long-acting opioid is taken."""

from cds_service.chart.facts import Items, Known, Reason, Unknown
from cds_service.chart.long_acting import long_acting_opioid
from cds_service.terminology.products import Route
from tests.support.charts import a_drug, a_list

MORPHINE, METHADONE, FENTANYL, IBUPROFEN = "7052", "6813", "4337", "5640"


def test_the_form_or_the_drug_makes_it_long_acting() -> None:
    for drug in (
        a_drug("morphine", MORPHINE, dose_form="Extended Release Oral Tablet"),
        a_drug("fentanyl", FENTANYL, dose_form="Transdermal System"),
        a_drug("methadone", METHADONE),
    ):
        fact = long_acting_opioid(a_list(), a_list([drug]))
        assert isinstance(fact, Known)
        assert fact.value
        assert [source.reference for source in fact.sources] == [drug.reference]


def test_a_tablet_of_morphine_or_a_slow_form_of_something_else_is_none() -> None:
    drugs = [a_drug("morphine", MORPHINE), a_drug("ibuprofen", IBUPROFEN, dose_form="Extended Release Oral Tablet")]
    assert long_acting_opioid(a_list(drugs), a_list()) == Known(False)


def test_a_paused_order_and_a_form_that_acts_where_it_is_put_do_not_count() -> None:
    paused = a_drug("methadone", METHADONE, status="on-hold")
    local = a_drug("morphine", MORPHINE, route=Route.TOPICAL, dose_form=None)
    assert long_acting_opioid(a_list(), a_list([paused, local])) == Known(False)


def test_a_form_or_a_list_that_is_not_known_leaves_it_open() -> None:
    formless = a_drug("morphine", MORPHINE, dose_form=None)
    assert long_acting_opioid(a_list([formless]), a_list()) == Unknown(Reason.NOT_RECORDED, "dose form of morphine")
    assert isinstance(long_acting_opioid(a_list(), Items()), Unknown)
    assert long_acting_opioid(a_list(), a_list(unrecognised=["poppy"])) == Unknown(Reason.UNRECOGNISED, "poppy")

import pytest

from cds_service.terminology.index import RxNormIndex
from cds_service.terminology.intended import LOCAL_FROM, SYSTEMIC_FROM
from cds_service.terminology.products import Route
from cds_service.terminology.routes import common_route, route_of_form, route_of_pack, route_of_product


@pytest.mark.parametrize(
    ("form", "route"),
    [
        ("Oral Tablet", Route.SYSTEMIC), ("Transdermal System", Route.SYSTEMIC), ("Sublingual Film", Route.SYSTEMIC),
        ("Injection", Route.SYSTEMIC), ("Rectal Suppository", Route.SYSTEMIC), ("Drug Implant", Route.SYSTEMIC),
        ("Enema", Route.RECTAL_LOCAL), ("Rectal Foam", Route.RECTAL_LOCAL), ("Nasal Spray", Route.NASAL),
        ("Mouthwash", Route.LOCAL), ("Ophthalmic Gel", Route.OPHTHALMIC), ("Topical Gel", Route.TOPICAL),
        ("Dry Powder Inhaler", Route.INHALED), ("Vaginal Cream", Route.VAGINAL), ("Otic Solution", Route.OTIC),
        ("Levitation Cloud", Route.UNKNOWN),
    ],
)  # fmt: skip
def test_a_dose_form_acts_where_its_route_class_says(form: str, route: Route) -> None:
    assert route_of_form(form) == route


def test_every_dose_form_of_the_shipped_products_is_mapped(index: RxNormIndex) -> None:
    forms = [name for (name,) in index.read("SELECT name FROM form") if name != "Pack"]
    assert len(forms) == 119
    assert [form for form in forms if route_of_form(form) is Route.UNKNOWN] == []


@pytest.mark.parametrize(
    ("form", "ingredients", "route"),
    [
        ("Mucosal Spray", [4917], Route.SYSTEMIC),  # nitroglycerin lingual spray
        ("Mucosal Spray", [1399], Route.LOCAL),  # benzocaine
        ("Topical Gel", [10379], Route.SYSTEMIC),  # testosterone
        ("Vaginal System", [14584, 4124], Route.SYSTEMIC),  # contraceptive ring
        ("Vaginal System", [4083], Route.VAGINAL),  # estradiol ring
        ("Drug Implant", [3264], Route.LOCAL),  # dexamethasone
        ("Rectal Suppository", [5492, 34347], Route.RECTAL_LOCAL),  # hydrocortisone with pramoxine
        ("Rectal Suppository", [5781, 5492], Route.SYSTEMIC),  # indomethacin with hydrocortisone
    ],
)
def test_the_labelled_effect_overrules_the_dose_form(form: str, ingredients: list[int], route: Route) -> None:
    assert route_of_product(form, ingredients) == route


def test_every_listed_exception_names_the_ingredient_it_means(index: RxNormIndex) -> None:
    tables = [*SYSTEMIC_FROM.values(), *(table for _, table in LOCAL_FROM.values())]
    listed = {(str(code), name) for table in tables for code, name in table.items()}
    assert {(code, index.ingredient_name(code)) for code, _ in listed} == listed


def test_a_pack_with_a_systemic_part_is_systemic() -> None:
    assert route_of_pack("{1 (a 5 MG Oral Tablet [X]) / 2 (b Topical Cream) } Pack [Y]") == Route.SYSTEMIC
    assert route_of_pack("{1 (a 5 MG Topical Cream) / 2 (b Topical Cream) } Pack") == Route.TOPICAL
    assert route_of_pack("{1 (a Rectal Cream) / 2 (b Medicated Pad) } Pack") == Route.UNKNOWN


def test_routes_that_differ_have_none_in_common() -> None:
    assert common_route([Route.NASAL, Route.NASAL]) == Route.NASAL
    assert common_route([Route.NASAL, Route.OTIC]) == common_route([]) == Route.UNKNOWN


def test_an_ingredient_sold_in_forms_of_several_classes_has_no_route(index: RxNormIndex) -> None:
    assert index.by_rxcui("10600").route is Route.UNKNOWN  # type: ignore[union-attr]  # timolol: tablets and eye drops
    assert index.by_rxcui("3407").route is Route.SYSTEMIC  # type: ignore[union-attr]  # digoxin

"""Does a drug stand on one side of a rule."""

import msgspec

from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Reason
from cds_service.knowledge.rules import Side
from cds_service.reasoning.findings import Bound, Missing
from cds_service.reasoning.logic import Truth, all_of, truth
from cds_service.reasoning.verdicts import PLAIN, TRUE, Verdict
from cds_service.terminology.products import Route


class Standing(msgspec.Struct, frozen=True, gc=False):
    """A drug that stands, or may stand, on the side called `side`: its verdict is true or unknown, never false."""

    side: str
    bound: Bound
    verdict: Verdict


def stand(side: Side, drug: Drug) -> Standing | None:
    """How `drug` stands on `side`; None when it certainly does not.

    The first ingredient that matches is the one bound. An ingredient that matches in a product whose route or form
    is not known may stand there: unknown, naming what is missing ("a.route").
    """
    if side.not_with and not side.not_with.isdisjoint(drug.ingredient_rxcuis):
        return None
    for each in drug.ingredients:
        if side.any_drug or each.rxcui in side.ingredients:
            verdict = judge_form(side, drug)
            return None if verdict.truth is Truth.FALSE else Standing(side.name, Bound(drug, each.rxcui), verdict)
    return None


def judge_form(side: Side, drug: Drug) -> Verdict:
    """Whether route and dose form are among those the side asks for."""
    if not side.forms and not side.not_forms and (not side.routes or drug.route in side.routes):
        return TRUE
    route, form = route_fits(side, drug.route), form_fits(side, drug.dose_form)
    both = all_of((route, form))
    if both is not Truth.UNKNOWN:
        return PLAIN[both]
    unread = [name for name, fit in (("route", route), ("dose_form", form)) if fit is Truth.UNKNOWN]
    return Verdict(
        both, missing=tuple(Missing("value", f"{side.name}.{name}", Reason.NOT_RECORDED, drug.name) for name in unread)
    )


def route_fits(side: Side, route: Route) -> Truth:
    if not side.routes:
        return Truth.TRUE
    return Truth.UNKNOWN if route is Route.UNKNOWN else truth(route in side.routes)


def form_fits(side: Side, form: str | None) -> Truth:
    if not (side.forms or side.not_forms):
        return Truth.TRUE
    if form is None:
        return Truth.UNKNOWN
    return truth((not side.forms or form in side.forms) and form not in side.not_forms)

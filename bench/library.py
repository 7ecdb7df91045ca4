"""What a call costs when the library is ten times as large: rules nine more times, about drugs that nobody takes.

A rule of any drug, or of the patient alone, is reached by every call: ten of these are ten times the work by nature,
so they are not multiplied.
"""

import statistics
import time
from dataclasses import replace

from bench.bodies import order_sign
from cds_service.app import Application, build
from cds_service.knowledge.index import index_rules
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Rule
from cds_service.settings import Settings
from cds_service.trust.callers import local_caller

TIMES, CALLS, ROUNDS = 10, 50, 20


def measure_growth(least_bytes: int) -> dict[str, float]:
    """Median CPU milliseconds of a call with the library as it is and ten times as large, taken in turns."""
    plain = build(Settings(profile="dev"), write=lambda record, milliseconds: None)
    large = replace(plain, release=enlarge(plain.release))
    body = order_sign(least_bytes)
    pairs = [(milliseconds(plain, body), milliseconds(large, body)) for _ in range(ROUNDS)]
    return {
        "rules": len(plain.release.rules),
        "plain_ms": statistics.median(pair[0] for pair in pairs),
        "large_ms": statistics.median(pair[1] for pair in pairs),
        "ratio": statistics.median(pair[1] / pair[0] for pair in pairs),
    }


def enlarge(release: Release) -> Release:
    """The release with each rule of named drugs `TIMES` times."""
    named = [rule for rule in release.rules.values() if rule.sides and all(side.ingredients for side in rule.sides)]
    copies = [copy(rule, number) for number in range(1, TIMES) for rule in named]
    rules = {rule.id: rule for rule in (*release.rules.values(), *copies)}
    return replace(release, rules=rules, index=index_rules(rules.values()))


def copy(rule: Rule, number: int) -> Rule:
    """The same rule about other drugs."""
    sides = tuple(
        replace(side, ingredients=frozenset(f"{number}-{each}" for each in side.ingredients)) for side in rule.sides
    )
    return replace(rule, id=f"{rule.id}-{number}", sides=sides)


def milliseconds(application: Application, body: bytes) -> float:
    """CPU of one call, over `CALLS` calls."""
    service = next(each for each in application.release.services if each.hook == "order-sign")
    caller = local_caller("bench")
    started = time.process_time()
    for _ in range(CALLS):
        application.answer(body, service, caller)
    return (time.process_time() - started) / CALLS * 1000

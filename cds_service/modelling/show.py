"""Models and their course over time as plain text."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.evaluation import EVALUATION, read_evaluation


def show_bundle(bundle: Bundle, folder: Path) -> str:
    """Title, population, inputs, and the targets of the last evaluation."""
    return "\n".join(describe(bundle, folder))


def describe(bundle: Bundle, folder: Path) -> Iterator[str]:
    yield f"{bundle.title} ({bundle.id} {bundle.version}, {bundle.kind}, {bundle.status})"
    yield f"hooks: {', '.join(bundle.hooks)}"
    yield from (f"for whom: {criterion.reason}" for criterion in bundle.population)
    for each in bundle.predictors:
        span = f"{each.within[0]:g} to {each.within[1]:g} {each.unit or ''}".rstrip() if each.within else ""
        yield f"  {each.label}: {', '.join(each.words) or span}; unknown: {each.if_missing}"
    if not (folder / EVALUATION).exists():
        yield "not evaluated here"
        return
    for target in read_evaluation(folder)["targets"]:
        yield f"  {'met    ' if target['met'] else 'MISSED '} {target['what']}: {target['found']} ({target['asked']})"


def show_windows(windows: Sequence[Mapping[str, Any]]) -> str:
    """One line per window; measures are blank where a window has too few events."""
    lines = [
        f"{'from':<11}{'to':<11}{'n':>6}{'events':>8}{'O:E':>7}{'CITL':>7}{'slope':>7}{'ICI':>8}{'PSI':>7}  alarms"
    ]
    for each in windows:
        measures = "".join(
            f"{each[name]:>{width}.{digits}f}" if name in each else " " * width
            for name, width, digits in (("oe", 7, 2), ("citl", 7, 2), ("slope", 7, 2), ("ici", 8, 4))
        )
        lines.append(
            f"{each['from'][:10]:<11}{each['to'][:10]:<11}{each['n']:>6}{each.get('events', ''):>8}{measures}"
            f"{max(each['psi'].values()):>7.2f}  {'; '.join(each['alarms'])}".rstrip()
        )
    return "\n".join(lines)

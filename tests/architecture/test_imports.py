"""Which package may import which (DESIGN section 2)."""

import subprocess
import sys

from tests.architecture.source import CHECKOUT, imports, modules, name

# Anything may import errors. `outbound` opens the only connections to elsewhere: `app` hands them out, who uses one
# imports its types. `turns` says which thread of a process computes. Beyond the table: knowledge holds services (a type
# of `hooks`), rules and cards speak of routes and strengths (types of `terminology`).
ALLOWED = {
    "errors": set(),
    "folders": set(),
    "settings": {"folders"},
    "hooks": set(),
    "trust": {"hooks", "outbound", "database"},
    "turns": set(),
    "database": {"turns"},
    "store": {"database", "turns"},
    "recording": {"chart", "hooks", "record", "store", "reasoning"},
    "remembering": {
        "call",
        "database",
        "hooks",
        "knowledge",
        "presenting",
        "reasoning",
        "record",
        "remembering_risks",
        "store",
    },
    "remembering_risks": {"knowledge", "presenting", "record", "risk", "store"},
    "outbound": set(),
    "population": {"record", "chart", "knowledge", "risk"},
    "inference": {"chart", "knowledge", "risk", "outbound"},
    "fhir": {"hooks", "outbound"},
    "terminology": set(),
    "chart": {"fhir", "terminology"},
    "knowledge": {"chart", "terminology", "hooks"},
    "reasoning": {"chart", "knowledge", "terminology"},
    # Beyond the table: a population is written in the grammar of rules, and weighed as rules are.
    "risk": {"chart", "knowledge", "reasoning"},
    "modelling": {"chart", "knowledge", "risk", "terminology"},
    # Beyond the table: a record holds what models said, and that is counted apart from what they refused.
    "monitoring": {"store", "record", "risk"},
    "presenting": {"chart", "knowledge", "reasoning", "risk", "hooks", "terminology"},
    "record": {"hooks", "chart", "reasoning", "risk", "presenting"},
    "call": {"hooks", "fhir", "chart", "knowledge", "reasoning", "risk", "presenting", "record"},
    "governance": {
        "record",
        "store",
        "hooks",
        "call",
        "knowledge",
        "chart",
        "reasoning",
        "risk",
        "presenting",
        "terminology",
    },
}
# Single modules of packages that are closed otherwise: suggestions are built as FHIR and read back through `chart`.
MODULES = dict.fromkeys(("presenting", "governance"), "cds_service.fhir.build")
ANYTHING = {"app", "edge", "wsgi", "cli", "web"}
HEAVY = ("fhirclient", "sklearn", "pandas", "statsmodels", "dask", "matplotlib", "scipy", "numpy")


def part(dotted: str) -> str:
    """The package inside `cds_service` that a dotted name belongs to."""
    return dotted.split(".")[1]


def test_every_package_imports_only_what_the_table_allows() -> None:
    wrong = []
    for path in modules("cds_service"):
        here = path.relative_to(CHECKOUT / "cds_service").parts[0].removesuffix(".py")
        if here in ANYTHING:
            continue
        for line, imported in imports(path):
            if not imported.startswith("cds_service.") or imported == "cds_service.__version__":
                continue
            if f"{imported}.".startswith(f"{MODULES.get(here)}."):
                continue
            there = part(imported)
            if there not in ALLOWED.get(here, set()) | {here, "errors"}:
                wrong.append(f"{name(path)}:{line}: {here} must not import {there}")
    assert wrong == []


def test_the_web_never_imports_the_command_line() -> None:
    wrong = [
        name(path) for path in modules("cds_service/web") for _, it in imports(path) if it.startswith("cds_service.cli")
    ]
    assert wrong == []


def test_the_service_never_imports_the_smart_app() -> None:
    wrong = [
        name(path) for path in modules("cds_service") for _, it in imports(path) if it.split(".")[0] == "smart_app"
    ]
    assert wrong == []


def test_only_the_composition_root_and_the_commands_open_long_lived_things() -> None:
    openers = ("open_index", "compile_release", "load_sources")
    allowed = ("cds_service/app.py", "cds_service/cli/", "cds_service/governance/")
    wrong = [
        f"{name(path)}:{line}: {imported}"
        for path in modules("cds_service")
        for line, imported in imports(path)
        if imported.rpartition(".")[2] in openers and not name(path).startswith(allowed)
    ]
    assert wrong == []


def test_the_serving_process_loads_no_statistics_library() -> None:
    program = "import sys, cds_service.web.server; print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    run = subprocess.run(
        [sys.executable, "-c", program, *HEAVY], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"

"""Pure packages have no clock, network, randomness, Flask, environment or state; so any call can be replayed."""

import ast

from tests.architecture.source import CHECKOUT, imports, modules, name, read

PURE = ("chart", "fhir", "hooks", "knowledge", "reasoning", "risk", "presenting", "record")
# The bounded FHIR client lives beside the readers (DESIGN section 2): threads, and the run-ahead cache they share.
WITH_THREADS = {"cds_service/fhir/client.py", "cds_service/fhir/fetch.py", "cds_service/fhir/run_ahead.py"}
NAMES_ONLY = ("urllib.parse.", "http.HTTPStatus")
IMPURE_MODULES = {
    "aiohttp", "asyncio", "flask", "http", "multiprocessing", "os", "random", "requests", "secrets", "socket",
    "sqlite3", "subprocess", "threading", "time", "urllib", "werkzeug",
}  # fmt: skip
IMPURE_CALLS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "uuid1",
    "uuid4",
    "getenv",
    "environ",
}
CODE_FROM_DATA = {"pickle", "marshal", "shelve", "dill", "joblib", "runpy"}
NETWORK = {"requests", "urllib3", "httpx", "aiohttp", "socket", "http.client", "urllib.request", "smtplib", "ftplib"}
CHANGING = {"append", "add", "update", "setdefault", "pop", "clear", "extend", "insert", "remove"}


def test_pure_packages_import_no_clock_network_randomness_or_environment() -> None:
    wrong = [
        f"{name(path)}:{line}: {package} is pure, it must not import {imported}"
        for package in PURE
        for path in modules(f"cds_service/{package}")
        for line, imported in imports(path)
        if imported.split(".")[0] in IMPURE_MODULES and not imported.startswith(NAMES_ONLY)
        if name(path) not in WITH_THREADS or imported.split(".")[0] not in ("threading", "concurrent")
    ]
    assert wrong == []


def test_pure_packages_ask_no_clock_and_draw_no_ids() -> None:
    wrong = []
    for path in [path for package in PURE for path in modules(f"cds_service/{package}")]:
        for node in ast.walk(read(path)):
            written = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
            if any(written == call or written.endswith(f".{call}") for call in IMPURE_CALLS):
                wrong.append(f"{name(path)}:{node.lineno}: {written}")
    assert wrong == []


def test_pure_packages_change_no_module_state() -> None:
    wrong = []
    for path in [path for package in PURE for path in modules(f"cds_service/{package}")]:
        tree = read(path)
        top = {target.id for node in tree.body for target in targets(node) if isinstance(target, ast.Name)}
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
            wrong += [f"{name(path)}:{line}: {what}" for line, what in changes(function, top)]
    assert wrong == []


def targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def changes(function: ast.FunctionDef, top: set[str]) -> list[tuple[int, str]]:
    """Where a function rebinds, fills or empties a module's variable."""
    inner = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    inner |= {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
    outer = top - inner
    found = []
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            found.append((node.lineno, f"global {', '.join(node.names)}"))
        changed = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
            changed = node.func.value
        if isinstance(changed, ast.Name) and changed.id in outer:
            found.append((changed.lineno, ast.unparse(node)))
    return found


def test_nothing_that_is_read_can_execute() -> None:
    wrong = []
    for path in modules():
        wrong += [f"{name(path)}:{line}: {it}" for line, it in imports(path) if it.split(".")[0] in CODE_FROM_DATA]
        for node in ast.walk(read(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec"}:
                wrong.append(f"{name(path)}:{node.lineno}: {node.func.id}")
    assert wrong == []


LISTENS = "cds_service/web/listening.py"


def test_one_module_opens_every_outgoing_connection() -> None:
    wrong = [
        f"{name(path)}:{line}: {imported}"
        for path in modules("cds_service")
        if name(path) not in ("cds_service/outbound.py", LISTENS)
        for line, imported in imports(path)
        if any(imported == library or imported.startswith(f"{library}.") for library in NETWORK)
    ]
    assert wrong == []
    called = {node.attr for node in ast.walk(read(CHECKOUT / LISTENS)) if isinstance(node, ast.Attribute)}
    assert called.isdisjoint({"connect", "connect_ex", "create_connection", "send", "sendall", "sendto"})

"""Size, names, status numbers and folders."""

import ast
import re

from tests.architecture.source import CHECKOUT, modules, name, read

LONGEST_MODULE = 300
NOT_NAMES = re.compile(r"engine|manager|handler|helper|util|processor|orchestrator|registry", re.IGNORECASE)
DATA_FOLDERS = ("rules", "models", "cards", "config")
HTTP_NAMES = {"status", "status_code", "code", "errorhandler", "abort"}


def test_every_module_fits_one_idea() -> None:
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert {path: lines for path, lines in lengths.items() if lines >= LONGEST_MODULE} == {}


def test_no_module_class_or_function_is_named_for_what_it_is_not() -> None:
    wrong = [name(path) for path in modules() if NOT_NAMES.search(path.stem)]
    wrong += [
        f"{name(path)}:{node.lineno}: {node.name}"
        for path in modules()
        for node in ast.walk(read(path))
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and NOT_NAMES.search(node.name)
    ]
    assert wrong == []


def test_http_status_numbers_exist_only_in_web() -> None:
    wrong = []
    for path in modules():
        if name(path).startswith("cds_service/web/"):
            continue
        for node in ast.walk(read(path)):
            if isinstance(node, ast.keyword) and node.arg in HTTP_NAMES and is_status(node.value):
                wrong.append(f"{name(path)}:{node.value.lineno}: {ast.unparse(node)}")
            if (
                isinstance(node, ast.Compare)
                and "status" in ast.unparse(node)
                and any(map(is_status, node.comparators))
            ):
                wrong.append(f"{name(path)}:{node.lineno}: {ast.unparse(node)}")
    assert wrong == []


def is_status(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and 100 <= node.value < 600


def test_flask_is_only_known_in_web_and_the_entry_points() -> None:
    flask = re.compile(r"^\s*(import|from) (flask|werkzeug|gunicorn)\b", re.MULTILINE)
    wrong = [
        name(path)
        for path in modules()
        if flask.search(path.read_text("utf-8")) and not name(path).startswith("cds_service/web/")
        if not (name(path).startswith("smart_app/") and path.name == "routes.py")
    ]
    assert wrong == []


def test_data_folders_hold_no_python() -> None:
    assert [name(path) for folder in DATA_FOLDERS for path in (CHECKOUT / folder).rglob("*.py")] == []


def test_no_setting_names_a_machine_or_a_package_index() -> None:
    lock = (CHECKOUT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert "index" not in lock
    assert re.findall(r"^(?!\s|#)(\S+)==", lock, re.MULTILINE), "the lock pins nothing"
    assert not re.search(r"^\s*-", lock.replace("    --hash", "    hash"), re.MULTILINE)


def test_every_test_a_promise_points_to_exists() -> None:
    named = {
        path
        for page in ("SECURITY.md", "README.md")
        for path in re.findall(r"tests/[\w/]+\.py", (CHECKOUT / page).read_text("utf-8"))
    }
    assert named
    assert {path for path in named if not (CHECKOUT / path).is_file()} == set()

"""The wheel holds everything the service needs, and works where no checkout is."""

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.architecture.source import CHECKOUT, PACKAGES, modules, name
from tests.support.requests import a_patient, body

DATA_FOLDERS = ("rules", "models", "cards", "config")


def test_the_package_list_is_complete() -> None:
    listed = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    found = {name(path.parent).replace("/", ".") for path in modules() if path.name == "__init__.py"}
    assert set(listed) == found | {f"cds_service.bundled.{folder}" for folder in DATA_FOLDERS}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of what git holds, so that nothing is left behind in the checkout."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    tracked = subprocess.run(
        ["git", "ls-files", "-z", *PACKAGES, *DATA_FOLDERS], cwd=CHECKOUT, capture_output=True, check=True
    )
    for file in [*tracked.stdout.decode().split("\0")[:-1], "pyproject.toml", "README.md", "LICENSE", "NOTICE"]:
        if (CHECKOUT / file).is_file():
            (source / file).parent.mkdir(parents=True, exist_ok=True)
            (source / file).write_bytes((CHECKOUT / file).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(built), ".", cwd=source)
    (file_,) = built.glob("*.whl")
    return file_


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; the libraries it needs are lent by the environment of the tests."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    paths = run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    target = Path(paths.strip())
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
        cwd=folder,
    )
    lenders = [path for path in sys.path if path.endswith("site-packages")]
    (target / "lent.pth").write_text("\n".join(lenders))
    return python


def run(*command: str, cwd: Path, stdin: bytes | None = None) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "PYTHON"))}
    done = subprocess.run(command, cwd=cwd, env=clean, input=stdin, capture_output=True)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def cds(python: Path, *arguments: str, cwd: Path, stdin: bytes | None = None) -> str:
    return run(str(python), "-c", "from cds_service.cli import app; app()", *arguments, cwd=cwd, stdin=stdin)


def test_the_wheel_holds_every_data_file(wheel: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z", *DATA_FOLDERS], cwd=CHECKOUT, capture_output=True, check=True)
    expected = {f"cds_service/bundled/{file}" for file in tracked.stdout.decode().split("\0")[:-1]}
    assert expected - set(ZipFile(wheel).namelist()) == set()
    assert "cds_service/bundled/rules/terminology/rxnorm.sqlite" in expected


def test_the_wheel_holds_every_file_of_the_console(wheel: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z", "smart_app"], cwd=CHECKOUT, capture_output=True, check=True)
    assert set(tracked.stdout.decode().split("\0")[:-1]) - set(ZipFile(wheel).namelist()) == set()


def test_the_installed_service_finds_its_own_folders(installed: Path, tmp_path: Path) -> None:
    where = run(
        str(installed), "-c", "from cds_service.folders import data_folder; print(data_folder('rules'))", cwd=tmp_path
    )
    assert Path(where.strip()).parts[-3:] == ("cds_service", "bundled", "rules")
    assert not where.startswith(str(CHECKOUT))


def test_the_installed_service_checks_its_rules_and_answers(installed: Path, tmp_path: Path) -> None:
    cds(installed, "check", cwd=tmp_path)
    assert (tmp_path / "var" / "release.json").is_file()
    request = body(a_patient().ordering("855332").order_sign())
    answer = json.loads(cds(installed, "try", "-", "--json", "--as-of", "2026-11-01", cwd=tmp_path, stdin=request))
    assert isinstance(answer["cards"], list)

"""The Python sources of the product as syntax trees, for tests that read them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("cds_service", "smart_app")


@cache
def read(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def modules(*folders: str) -> list[Path]:
    """Every module below these folders of the checkout, all product packages if none is named."""
    return sorted(path for folder in folders or PACKAGES for path in (CHECKOUT / folder).rglob("*.py"))


def name(path: Path) -> str:
    """`cds_service/chart/drugs.py`."""
    return path.relative_to(CHECKOUT).as_posix()


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports; `from a import b` gives `a.b`."""
    for node in ast.walk(read(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: write imports from the top, not relative ones"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

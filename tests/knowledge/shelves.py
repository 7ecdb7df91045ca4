"""A small set of knowledge folders for tests, and how to put one more file among them."""

import shutil
from pathlib import Path

from cds_service.knowledge.sources import Sources, load_sources

HERE = Path(__file__).parent
SHELF = HERE / "shelf"
BROKEN = tuple(sorted((HERE / "broken").glob("*.toml")))


def load_shelf(folder: Path = SHELF) -> Sources:
    """The knowledge of a folder that holds `rules`, `cards`, `config` and perhaps `models`."""
    return load_sources(folder / "rules", folder / "cards", folder / "config", folder / "models")


def copy_shelf(to: Path, files: dict[str, str]) -> Path:
    """A copy of the small shelf in `to`, with these files (by relative name) added or replaced."""
    shutil.copytree(SHELF, to, dirs_exist_ok=True)
    for name, text in files.items():
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return to

from pathlib import Path

import pytest

from cds_service.app import open_terminology, read_folders
from cds_service.folders import data_folder
from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.bundles import open_bundle
from cds_service.modelling.recipe import Recipe, read_recipe

ID = "readmission-30d"


@pytest.fixture(scope="session")
def folder() -> Path:
    return data_folder("models") / ID


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return open_bundle(read_folders(), open_terminology(), ID)


@pytest.fixture(scope="session")
def recipe(folder: Path) -> Recipe:
    return read_recipe(folder / "recipe.toml")

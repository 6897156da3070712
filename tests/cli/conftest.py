"""A shop of its own for each module of tests."""

import shutil

import pytest

from privacy_svc.examples import folder
from tests.e2e.service import Installation
from tests.shop import sqlite_shop


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A shop's store connected under the example policies."""
    service = Installation(tmp_path_factory.mktemp("shop"))
    shutil.copytree(folder("policies"), service.folder / "policies")
    service.run("init", "--store", sqlite_shop(service.folder), "--name", "shop")
    return service

"""What tests of nulls share."""

from __future__ import annotations

import pytest

from tcga_corr.engine import Engine
from tests.analysis.slow_nulls import write_store


@pytest.fixture(scope="session")
def small_atlas(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Three tumor types of :mod:`tests.analysis.slow_nulls`. Read only: it is shared by tests."""
    return write_store(tmp_path_factory.mktemp("nulls"))

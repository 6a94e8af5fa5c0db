from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.persistence.vectors.source_database import SourceDatabase


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SourceDatabase]:
    source = SourceDatabase(tmp_path)
    yield source
    source.close()

"""Office documents that are generated from known facts: every fact is extracted, whatever surrounds it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.ingestion.generated_office import WRITERS, missing_facts
from benchmarks.ingestion.office_documents import OfficeWriter


@pytest.mark.parametrize("name", WRITERS)
def test_every_fact_of_a_generated_document_is_read(tmp_path: Path, name: str) -> None:
    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(seed=st.integers(0, 10**9))
    def check(seed: int) -> None:
        assert missing_facts(WRITERS[name](OfficeWriter(seed), tmp_path)) == ([], [])

    check()

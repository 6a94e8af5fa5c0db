"""Workbooks and CSV files that are generated from known facts: every value is extracted with its row and column."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.ingestion.generated_sheets import WRITERS, SheetWriter, missing_facts


@pytest.mark.parametrize("name", WRITERS)
def test_every_fact_of_a_generated_table_is_read(tmp_path: Path, name: str) -> None:
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(seed=st.integers(0, 10**6))
    def check(seed: int) -> None:
        path, facts = WRITERS[name](SheetWriter(seed), tmp_path)
        assert missing_facts(path, facts) == []

    check()

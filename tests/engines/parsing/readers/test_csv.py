"""CSV and other delimited tables."""

from pathlib import Path

import pytest

from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract, extract_content
from tests.support.documents import files


def test_each_row_is_a_line_with_the_column_names(tmp_path: Path) -> None:
    table = extract_content(tmp_path, "bridges.csv", files.CSV)
    assert table.text.splitlines()[1] == "City: Lyon, old town, Bridge: Bonaparte, Length, m: 149"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_detected(tmp_path: Path, delimiter: str) -> None:
    rows = [("name", "count", "note"), ("one", "1", "a, b"), ("two", "2", "c, d"), ("three", "3", "e")]
    (tmp_path / "table.csv").write_text("\n".join(delimiter.join(row) for row in rows))
    assert extract(tmp_path / "table.csv").text.startswith("name: one, count: 1, note: a, b\n")


def test_the_rows_of_a_table_without_a_header_have_no_names(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("1,2\n3,4\n5,6\n")
    assert extract(tmp_path / "numbers.csv").text == "1, 2\n3, 4\n5, 6"


def test_a_field_above_the_limit_is_rejected_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text('a,b\n1,"' + "x\n" * 600_000 + '"\n')
    with pytest.raises(DocumentUnreadable, match=r"Row [\d,]+ of the table cannot be parsed: field larger than"):
        extract(tmp_path / "long.csv")

"""Tables of web pages: each value has the names of its row and column."""

from pathlib import Path

import pytest

from engines.parsing.parsing_limits import ParsingLimits
from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract, extract_content

TWO_LEVELS = """<table><caption>Quarters</caption>
<thead><tr><th rowspan=2>Plant<th colspan=2>First half<th colspan=2>Second half
<tr><th>Plan<th>Actual<th>Plan<th>Actual</thead>
<tbody><tr><th rowspan=2>Skerry<td>100<td>97<td>80<td>82<tr><td>5<td>6<td>7<td>8
<tr><td colspan=5>Closed plants<tr><td>Holm<td colspan=2>none<td>3<td>4</tbody></table>"""


def table_text(folder: Path, table: str) -> str:
    return extract_content(folder, "page.html", f"<html><body>{table}</body></html>").text


def test_header_rows_of_two_levels_and_merged_cells_are_repeated(tmp_path: Path) -> None:
    assert table_text(tmp_path, TWO_LEVELS).split("\n") == [
        "Quarters",
        "",
        "Plant: Skerry, First half Plan: 100, First half Actual: 97, Second half Plan: 80, Second half Actual: 82",
        "Plant: Skerry, First half Plan: 5, First half Actual: 6, Second half Plan: 7, Second half Actual: 8",
        "Closed plants",
        "Plant: Holm, First half Plan: none, First half Actual: none, Second half Plan: 3, Second half Actual: 4",
    ]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("<tr><th>Owner<td>Ida Holm<tr><th>Port:<td>Skerry<br>North", "Owner: Ida Holm\nPort: Skerry North"),
        ("<tr><td>Name<td>Length<tr><td>A<td>41<tr><td>B<td>€ 67", "Name: A, Length: 41\nName: B, Length: € 67"),
        ("<tr><td>Owner<td>Ida Holm<tr><td>Port<td>Skerry", "Owner, Ida Holm\nPort, Skerry"),
        ("<tr><th>Name<th>Use<tr><td>Fid<td><ul><li>open<li>splice</ul>", "Name: Fid, Use: open; splice"),
        ("<tfoot><tr><td>Sum<td>9</tfoot><tbody><tr><th>A<th>B<tr><td>x<td>4</tbody>", "A: x, B: 4\nA: Sum, B: 9"),
        ("<tr><th>A<th>B<tr><td>1<td>2<tr><th>C<th>D<tr><td>3<td>4", "A: 1, B: 2\nC: 3, D: 4"),
        ("<tr><th>A<th>B<tr><td>1<td><table><tr><th>L<td>23 m<tr><th>W<td>2 m</table>", "A: 1, B: L: 23 m; W: 2 m"),
        ("<tr><th colspan=2>Stormy Petrel<tr><th>Built<td>1903", "Stormy Petrel\nBuilt: 1903"),
        ("<tr><th>2029<th>2030<tr><td>410<td>455", "2029: 410, 2030: 455"),
        ("<tr><th>A<th>B<tr><td colspan=99999>x", "A: x, B: x"),
    ],
)  # fmt: skip
def test_rows_have_the_names_of_their_columns(tmp_path: Path, rows: str, text: str) -> None:
    expected = text if "99999" not in rows else "x"
    assert table_text(tmp_path, f"<table>{rows}</table>") == expected


def test_a_table_that_arranges_a_page_is_read_as_paragraphs(tmp_path: Path) -> None:
    inside = "<table><tr><th>Day<th>Hour<tr><td>Mon<td>9</table>"
    layout = f"<table><tr><td><h2>News</h2><p>The crane is back.</p></td><td>{inside}</td></tr></table>"
    assert table_text(tmp_path, layout) == "News\n\nThe crane is back.\n\nDay: Mon, Hour: 9"


def test_cells_are_counted_before_they_are_made(tmp_path: Path) -> None:
    row = "<td colspan=1000>x" * 100
    (tmp_path / "page.html").write_text(f"<html><body><table>{f'<tr>{row}' * 20}</table></body></html>")
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "page.html", limits=ParsingLimits())
    assert failure.value.code is ErrorCode.PARSER_LIMIT

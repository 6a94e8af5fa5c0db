"""CSV and other delimited tables."""

import csv
from pathlib import Path

import pytest

from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract, extract_content
from tests.support.documents import files


def lines_of(folder: Path, content: str, name: str = "table.csv", encoding: str = "utf-8") -> list[str]:
    """Write a table, parse it and return its lines."""
    (folder / name).write_bytes(content.encode(encoding))
    return [line for line in extract(folder / name).text.split("\n") if line]


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


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(",a,b\nx,1,2\ny,3,4\n", "x, a: 1, b: 2", id="unnamed index"),
        pytest.param('"","a","b"\n"1","x",2\n"2","y",4\n', "1, a: x, b: 2", id="row names of R"),
        pytest.param(
            "boat\tcrew\nr1\tPetrel\t4\nr2\tGull\t3\n",
            "r1, boat: Petrel, crew: 4",
            id="header without index",
        ),
        pytest.param("Unnamed: 0,a\n0,x\n1,y\n", "0, a: x", id="index of pandas read again"),
        pytest.param(",,a\nN,1,7\nN,2,8\nS,1,9\n", "N, 2, a: 8", id="two unnamed indexes"),
        pytest.param("Region,2029,2030\nNorth,410,455\n", "Region: North, 2029: 410, 2030: 455", id="years"),
        pytest.param("Region,2029\nNorth,410\nSouth,388\n", "Region: North, 2029: 410", id="one year"),
        pytest.param("Gauge,2031-01-01,2031-02-01\nA,4,5\n", "Gauge: A, 2031-01-01: 4, 2031-02-01: 5", id="dates"),
        pytest.param("Size,36,38,40\nStock,4,7,2\n", "Size: Stock, 36: 4, 38: 7, 40: 2", id="sizes"),
        pytest.param(",5,10,50\nDay,4,9,2\nNight,7,6,3\n", "Day, 5: 4, 10: 9, 50: 2", id="numbers beside a corner"),
        pytest.param("Ida,1981,Oslo\nPer,1975,Bergen\n", "Ida, 1981, Oslo", id="years of birth without a header"),
        pytest.param("Alder,12,7.5\nBirch,30,6.1\n", "Alder, 12, 7.5", id="no header"),
        pytest.param(
            "name,email\nIda,ida@holm.example\nPer,per@holm.example\n",
            "name: Per, email: per@holm.example",
            id="text",
        ),
        pytest.param("Owner:,Ida\nPort:,Skerry\n", "Port: Skerry", id="keys with colons"),
        pytest.param("Vessel,Petrel\nLength,11.4 m\nPort,Skerry\n", "Port: Skerry", id="keys of different kinds"),
        pytest.param("a,a,b\n1,2,3\n4,5,6\n", "a: 1, a: 2, b: 3", id="one name twice"),
        pytest.param("a,b,c\n1,2\n3,4,5,6\n", "a: 3, b: 4, c: 5, 6", id="uneven rows"),
        pytest.param("# a note\n# two\na,b\n1,2\n", "a: 1, b: 2", id="comments"),
        pytest.param("# a note\n#a,b\n1,2\n3,4\n", "a: 1, b: 2", id="header in a comment"),
        pytest.param("#,b\n1,2\n3,4\n", "#: 1, b: 2", id="a number sign as a name"),
        pytest.param('a,b\n"x\ny",2\n"z",3\n', "a: x y, b: 2", id="line break in quotes"),
        pytest.param('a, "b, c"\n1, "2, 3"\n4, "5"\n', "a: 1, b, c: 2, 3", id="spaces before quotes"),
        pytest.param('a,b\n"x \\"y\\"",2\n', 'a: x "y", b: 2', id="escaped quotes"),
        pytest.param("a;b\n1,5;2,5\n3,5;4,5\n", "a: 1,5, b: 2,5", id="decimal commas"),
        pytest.param(
            "a;b;c\nOslo, Bergen;1,50;x\nSkerry, Holm;2,75;y\n",
            "a: Oslo, Bergen, b: 1,50, c: x",
            id="commas in all rows",
        ),
        pytest.param("SEP=|\na|b\n1,5|2\n", "a: 1,5, b: 2", id="stated delimiter"),
        pytest.param('"sep=\t"\na\tb\n1\t2\n', "a: 1, b: 2", id="stated tab"),
        pytest.param("Stock of May\n\na,b,c\nx,1,2\n", "a: x, b: 1, c: 2", id="title"),
        pytest.param("Stock of May,,\na,b,c\nx,1,2\n", "a: x, b: 1, c: 2", id="title in a cell"),
        pytest.param(
            "Made:,3 May,,\nBy:,Ida,,\na,b,c,d\nx,1,2,3\ny,4,5,6\n",
            "a: x, b: 1, c: 2, d: 3",
            id="lines above the header",
        ),
        pytest.param("Made:,3 May,,\nBy:,Ida,,\na,b,c,d\nx,1,2,3\ny,4,5,6\n", "By: Ida", id="line above"),
        pytest.param("a,b,c\nx,1,2\n\ny,3,4\n", "a: y, b: 3, c: 4", id="empty row between records"),
        pytest.param("a,b,c\nx,1,2\n\nd,e\nz,5\nv,7\n", "d: z, e: 5", id="two tables"),
        pytest.param(
            "a,b,c\nx,1,2\nSource: the harbour office of Skerry\n",
            "Source: the harbour office of Skerry",
            id="note",
        ),
        pytest.param(
            ",First half,,Second half,\nPlant,Plan,Actual,Plan,Actual\nHolm,1,2,3,4\n",
            "Plant: Holm, First half Plan: 1, First half Actual: 2, Second half Plan: 3, Second half Actual: 4",
            id="two levels",
        ),
        pytest.param("a\r1\r2\r", "a: 1", id="line ends of the old Macintosh"),
    ],
)
def test_a_row_is_read_with_its_names(tmp_path: Path, content: str, line: str) -> None:
    assert line in lines_of(tmp_path, content)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_of_a_table_is_detected(tmp_path: Path, encoding: str) -> None:
    rows = "Empfänger;Betrag\nBäckerei Krümel;-14,20\nMüller & Söhne;2.310,55\n"
    assert lines_of(tmp_path, rows, encoding=encoding)[1] == "Empfänger: Müller & Söhne, Betrag: 2.310,55"


def test_a_tab_separated_file_may_have_commas_in_all_rows(tmp_path: Path) -> None:
    rows = "Name\tPlace\nHolm, Ida\tOslo, Norway\nLund, Per\tRiga, Latvia\n"
    assert lines_of(tmp_path, rows, "table.tsv")[0] == "Name: Holm, Ida, Place: Oslo, Norway"


def test_the_names_are_kept_for_all_rows_of_a_long_table(tmp_path: Path) -> None:
    with (tmp_path / "long.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["gauge", "height"])
        writer.writerows((f"G{number}", number / 7) for number in range(5000))
    assert extract(tmp_path / "long.csv").text.count("gauge: G") == 5000

"""Tables whose first column names the values beside it."""

import pytest

from engines.parsing.worker.blocks.key_values import key_value_lines

PASSPORT = [["Name", "Stormy Petrel"], ["Owner", "Ida Holm"], ["Draught", "1.8 m"]]


def test_the_key_names_the_value_of_its_row() -> None:
    assert key_value_lines(PASSPORT) == ["Name: Stormy Petrel", "Owner: Ida Holm", "Draught: 1.8 m"]


def test_a_form_has_several_columns_of_keys() -> None:
    form = [["Owner:", "Ida Holm", "Port:", "Skerry"], ["Built:", "1998", "", ""], ["Remarks", "", "", ""]]
    assert key_value_lines(form) == ["Owner: Ida Holm", "Port: Skerry", "Built: 1998", "Remarks"]


@pytest.mark.parametrize(
    "rows",
    [
        [["Boat", "Fee"], ["Petrel", "40"], ["Gull", "55"]],
        [["Region", "2029"], ["North", "410"], ["South", "388"]],
        [["Cook", "Ida"], ["Cook", "Per"]],
        [["Berth", "Boat"], ["A1", "Petrel"], ["A2", "Gull"]],
        [["No.", "Part"], ["1", "Bolt"], ["2", "Nut"]],
        [["Header 1", "Header 2"], ["a", "b"], ["c", "d"]],
        [["Boat", "Owner", "Port"], ["Petrel", "Ida", "Skerry"]],
        [[f"Key {number}", f"Value of {number}"] for number in range(100)],
    ],
)
def test_a_list_of_records_has_no_keys(rows: list[list[str]]) -> None:
    assert key_value_lines(rows) is None


def test_the_names_of_the_two_columns_are_a_pair_of_their_own() -> None:
    assert key_value_lines([["Field", "Value"], ["Owner", "Ida"]]) == ["Field: Value", "Owner: Ida"]


def test_all_values_can_be_quantities() -> None:
    assert key_value_lines([["Length", "11.4"], ["Draught", "1.8"], ["Berths", "6"]]) is not None


def test_a_bold_first_row_names_the_columns() -> None:
    assert key_value_lines([["Country", "Capital"], ["Norway", "Oslo"]], header_is_bold=True) is None


def test_two_columns_of_text_need_evidence_where_a_header_is_usual() -> None:
    capitals = [["country", "capital"], ["Norway", "Oslo"], ["Latvia", "Riga"]]
    assert key_value_lines(capitals, needs_evidence=True) is None
    assert key_value_lines(PASSPORT, needs_evidence=True) is not None

"""JSON and JSON Lines."""

import base64
import json
from pathlib import Path

import pytest

from tests.engines.parsing.in_process import extract_content, extract_sample


def test_each_value_and_record_is_a_line_with_numbers_as_written(tmp_path: Path) -> None:
    assert extract_sample(tmp_path, "station.json").text.split("\n") == [
        "station: Norrskär",
        "built: 1846",
        "height: 22.40",
        "tower.colour: red, tower.steps: 71, 12",
        "open: true",
        "owner: null",
        "keepers.name: Alva, keepers.since: 1e3, keepers.address.city: Vaasa, keepers.address.zip: 00650",
        "keepers.name: Bjarne, keepers.since: 2011, keepers.languages: Swedish, Sami",
    ]


def test_large_values_are_below_headings_with_their_names(tmp_path: Path) -> None:
    rooms = ", ".join(f'{{"room": "R{number}", "beds": {number}}}' for number in range(100))
    hostel = extract_content(tmp_path, "hostel.json", f'{{"rooms": [{rooms}], "name": "Skerry"}}')
    assert hostel.text.startswith("name: Skerry\n\nrooms\n\nroom: R0, beds: 0\nroom: R1, beds: 1\n")
    assert hostel.chunk_with("room: R77").headings == ("rooms",)


def test_invalid_json_is_read_as_plain_text_with_a_warning(tmp_path: Path) -> None:
    found = extract_content(tmp_path, "settings.json", '{\n  "depth": 4,\n  // a comment\n}\n')
    assert '"depth": 4' in found.text
    assert found.warnings == (
        "The file is not valid JSON at line 3, column 3, so it was read as plain text. "
        "Correct it and upload it again to search its values by name.",
    )


def test_invalid_lines_of_json_lines_are_kept_with_a_warning(tmp_path: Path) -> None:
    lines = extract_content(tmp_path, "log.jsonl", '{"a": 1}\n{"a": \n{"a": 3}\n')
    assert lines.text == 'a: 1\n{"a":\na: 3'
    assert lines.warnings == ("1 of 4 lines are not valid JSON and were read as plain text: 2.",)


def test_binary_data_is_named_and_not_read(tmp_path: Path) -> None:
    picture = base64.b64encode(bytes(range(256)) * 8).decode()
    found = extract_content(
        tmp_path,
        "visit.har",
        json.dumps({"url": "pier.png", "body": picture, "icon": f"data:image/png;base64,{picture}"}),
    )
    assert found.text == "url: pier.png"
    assert found.warnings == ("2 values are binary data in base64 and were not read: body, icon.",)


@pytest.mark.parametrize("name", ["app.webmanifest", "area.topojson", "page.jsonld", "state.session"])
def test_json_under_another_name_is_read_by_its_values(tmp_path: Path, name: str) -> None:
    assert (
        extract_content(tmp_path, name, '{"name": "Skerry", "size": {"width": 4}}').text
        == "name: Skerry\nsize.width: 4"
    )

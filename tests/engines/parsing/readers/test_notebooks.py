"""Jupyter notebooks."""

import base64
import json
from pathlib import Path
from typing import Any

from tests.engines.parsing.in_process import Extracted, extract_checked, extract_content

PICTURE = base64.b64encode(bytes(range(256)) * 8).decode()


def read_cells(folder: Path, cells: list[dict[str, Any]], **members: object) -> Extracted:
    notebook = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return extract_content(folder, "tides.ipynb", json.dumps(notebook | members))


def output_of(data: dict[str, object]) -> dict[str, Any]:
    return {"cell_type": "code", "source": "x", "outputs": [{"output_type": "execute_result", "data": data}]}


def test_cells_are_read_in_order_with_their_outputs(tmp_path: Path) -> None:
    found = read_cells(tmp_path, [
        {"cell_type": "markdown", "source": ["# Tides\n", "\n", "Measured at **Skerry**."]},
        {"cell_type": "code", "source": ["for x in a:\n", "    print(x)"], "outputs": [
            {"output_type": "stream", "text": ["mean: 2.41 m\n", "high: 4.87 m\n"]},
            {"output_type": "error", "ename": "KeyError", "evalue": "'level'", "traceback": ["\x1b[31mKeyError\x1b[0m"]},
        ]},
        {"cell_type": "markdown", "source": "## Result\n\nThe water rose."},
        {"cell_type": "raw", "source": "A raw note."},
    ])  # fmt: skip
    assert found.text.split("\n\n") == [
        "Tides", "Measured at Skerry.", "for x in a:\n    print(x)", "mean: 2.41 m\nhigh: 4.87 m", "KeyError: 'level'",
        "Result", "The water rose.", "A raw note.",
    ]  # fmt: skip
    assert [(heading.text, heading.level) for heading in found.document.outline] == [("Tides", 1), ("Result", 2)]
    assert found.document.properties["language"] == "python"


def test_pictures_are_counted_and_not_read(tmp_path: Path) -> None:
    found = read_cells(tmp_path, [
        output_of({"image/png": PICTURE, "text/plain": "<Figure>"}),
        {"cell_type": "markdown", "source": f"Map: ![a map](data:image/png;base64,{PICTURE})"},
    ])  # fmt: skip
    assert PICTURE[:40] not in found.text
    assert "<Figure>" in found.text
    assert found.document.coverage.pictures == 2
    assert found.warnings == ("1 outputs or attachments without text were not read: image/png.",)


def test_a_table_of_an_output_has_its_names(tmp_path: Path) -> None:
    table = (
        "<table><tr><th></th><th>gauge</th><th>level</th></tr><tr><th>0</th><td>Skerry</td><td>2.4</td></tr></table>"
    )
    found = read_cells(tmp_path, [output_of({"text/html": table, "text/plain": "  gauge level\n0 Skerry 2.4"})])
    assert "gauge: Skerry, level: 2.4" in found.text


def test_a_notebook_of_version_3_is_read(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Old tides"},
        {
            "cell_type": "code",
            "input": "level",
            "outputs": [{"output_type": "pyout", "text": ["2.41"], "png": PICTURE}],
        },
    ]
    content = json.dumps({"metadata": {"name": ""}, "nbformat": 3, "worksheets": [{"cells": cells}]})
    (tmp_path / "old").write_text(content)
    found = extract_checked(tmp_path / "old")
    assert found.text == "Old tides\n\nlevel\n\n2.41"
    assert found.document.coverage.pictures == 1


def test_a_damaged_notebook_is_read_as_plain_text(tmp_path: Path) -> None:
    found = extract_content(tmp_path, "cut.ipynb", '{"cells": [{"cell_type": "code", "source": "level"')
    assert "level" in found.text
    assert found.warnings[0].startswith("The notebook is not valid JSON")


def test_an_empty_value_anywhere_is_no_error(tmp_path: Path) -> None:
    cells: list[dict[str, Any]] = [{"cell_type": "code", "source": None, "outputs": None}, {"cell_type": 3}, {}]
    found = read_cells(tmp_path, [*cells, {"cell_type": "markdown", "source": ["kept", 5]}], metadata=None)
    assert found.text == "kept"

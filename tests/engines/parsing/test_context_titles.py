"""The names of a document that begin the context of its chunks."""

import pytest

from engines.parsing.worker.chunking.context_titles import MAX_NAME, context_titles


@pytest.mark.parametrize(
    ("name", "title", "titles"),
    [
        ("HALDEN_2031_10K.pdf", "FORM 10-K", ("HALDEN 2031 10K", "FORM 10-K")),
        ("HALDEN_2031_10K.pdf", "0000064803-23-000009", ("HALDEN 2031 10K",)),
        ("HALDEN_2031_10K.pdf", None, ("HALDEN 2031 10K",)),
        ("pump-manual.pdf", "Pump  Manual", ("pump manual",)),
        ("manual.pdf", "Manual of the Pump", ("Manual of the Pump",)),
        ("550e8400-e29b-41d4-a716-446655440000.pdf", "Pump manual", ("Pump manual",)),
        ("20310304.pdf", "Pump manual", ("Pump manual",)),
        ("20310304.pdf", None, ("20310304",)),
        ("folder/a\\b.txt", "", ("b",)),
        ("取扱説明書.pdf", "目次", ("取扱説明書", "目次")),
        ("facade.md", "Front", ("facade", "Front")),
    ],
)
def test_file_name_and_title_are_kept_if_they_say_something(
    name: str, title: str | None, titles: tuple[str, ...]
) -> None:
    assert context_titles(name, title) == titles


def test_a_long_name_is_cut() -> None:
    assert context_titles("x " * 500 + ".pdf", None) == (("x " * (MAX_NAME // 2)).rstrip(),)

import numpy as np
import pytest

from engines.parsing.recognizer import Recognizer, find_recognizer, joined, pieces_of
from tests.scans import Drawn, draw_page

WORDS = "lamp wick glass tower "


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["red", "lamp"], "red lamp"),
        (["日落之后", "禁止"], "日落之后禁止"),
        (["灯塔", "Skagen"], "灯塔Skagen"),
        ([], ""),
    ],
)
def test_pieces_of_a_line_are_joined_as_their_script_wants(pieces: list[str], text: str) -> None:
    assert joined(pieces) == text


def test_a_long_line_is_cut_between_words_and_nothing_of_it_is_lost() -> None:
    page = draw_page([Drawn(WORDS * 6, 10, 2)], size=(700, 20))
    pixels = np.asarray(page.convert("RGB"))
    height, width = pixels.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    pieces = list(pieces_of(pixels, corners))
    assert len(pieces) == 2
    assert sum(piece.shape[1] for piece in pieces) == width
    assert pieces[0][:, -1].min() == 255, "the cut goes through white"


def test_an_empty_picture_has_no_lines() -> None:
    assert Recognizer().lines(np.full((100, 200, 3), 255, np.uint8)) == []


def test_the_extra_is_there_for_these_tests() -> None:
    assert find_recognizer() is not None

import numpy as np

from engines.parsing.worker.recognizer import Recognizer, find_recognizer


def test_an_empty_picture_has_no_lines() -> None:
    assert Recognizer().lines(np.full((100, 200, 3), 255, np.uint8)) == []


def test_the_extra_is_there_for_these_tests() -> None:
    assert find_recognizer() is not None

"""Page requests are clamped to 1 to 100 items in one direction."""

from hypothesis import given
from hypothesis import strategies as st

from records.page import PageRequest
from resolvers.pages import page_request

sizes = st.none() | st.integers(-(2**31), 2**31 - 1)


@given(sizes, sizes)
def test_a_request_has_one_direction_and_a_size_from_1_to_100(first: int | None, last: int | None) -> None:
    request = page_request(first, None, last, None)
    given_sizes = [size for size in (request.first, request.last) if size is not None]
    assert len(given_sizes) == 1
    assert 1 <= given_sizes[0] <= 100


def test_the_default_is_the_first_twenty_five_items() -> None:
    assert page_request(None, None, None, None) == PageRequest(25, None, None, None)


def test_cursors_are_passed_unchanged() -> None:
    assert page_request(None, "a", 3, "b") == PageRequest(None, "a", 3, "b")

"""What a page is asked for, whatever the client says."""

from hypothesis import given
from hypothesis import strategies as some

from records.page import PageRequest
from resolvers.pages import page_request

numbers = some.none() | some.integers(-(2**31), 2**31 - 1)


@given(numbers, numbers)
def test_exactly_one_end_is_asked_for_and_within_bounds(first: int | None, last: int | None) -> None:
    request = page_request(first, None, last, None)
    asked = [size for size in (request.first, request.last) if size is not None]
    assert len(asked) == 1
    assert 1 <= asked[0] <= 100


def test_nothing_said_is_twenty_five_from_the_beginning() -> None:
    assert page_request(None, None, None, None) == PageRequest(25, None, None, None)


def test_cursors_go_through_as_they_are() -> None:
    assert page_request(None, "a", 3, "b") == PageRequest(None, "a", 3, "b")

"""Input that makes no sense is refused with the place where it stands; input that does goes through."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as some

from records.document import Chunking
from records.errors import InvalidInput
from resolvers.validation import check_chunking, check_fraction, check_name, check_tags, check_text, refuse_null


def refusal(check: Callable[[], object]) -> InvalidInput | None:
    try:
        check()
    except InvalidInput as refused:
        return refused
    return None


@given(some.text())
def test_a_name_is_one_storable_line_or_refused(text: str) -> None:
    refused = refusal(lambda: check_name(text))
    if refused is not None:
        assert refused.field == "name"
        return
    name = check_name(text)
    assert name == text.strip()
    assert 0 < len(name) <= 300
    assert name.encode()
    assert not set(name) & {"\n", "\r", "\t", "\0"}


@given(some.lists(some.text(), max_size=60))
def test_tags_have_no_repeats(tags: list[str]) -> None:
    refused = refusal(lambda: check_tags(tags))
    if refused is not None:
        assert refused.field is not None
        assert refused.field.split(".")[0] == "tags"
        return
    checked = check_tags(tags)
    assert len(set(checked)) == len(checked) <= 50


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "", "   "])
def test_what_cannot_be_stored_or_says_nothing_is_no_text(text: str) -> None:
    with pytest.raises(InvalidInput):
        check_text(text, 10, "It", "name")


def test_text_keeps_its_blanks() -> None:
    assert check_text(" a\n", 10, "It", "name") == " a\n"


def test_chunking_goes_over_what_there_is() -> None:
    default = Chunking(200, 40)
    assert check_chunking(None, default) is None
    assert check_chunking({}, default) is None
    assert check_chunking({"max_tokens": 64}, default) == Chunking(64, 32)
    assert check_chunking({"overlap_tokens": 0}, default) == Chunking(200, 0)
    assert check_chunking({"max_tokens": None, "overlap_tokens": 100}, default) == Chunking(200, 100)


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_fraction_is_0_to_1(value: float) -> None:
    with pytest.raises(InvalidInput):
        check_fraction(value, "It", "name")


def test_only_what_was_sent_as_null_is_refused() -> None:
    refuse_null({"tags": []}, name="name", tags="tags")
    with pytest.raises(InvalidInput) as refused:
        refuse_null({"document_ids": None}, document_ids="documentIds")
    assert refused.value.field == "document_ids"

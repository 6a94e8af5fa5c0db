"""Validation of mutation input: invalid values raise `InvalidInput` with the field, valid values pass."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.document import Chunking
from records.errors import InvalidInput
from resolvers.validation import (
    check_chunking,
    check_document_name,
    check_fraction,
    check_name,
    check_tags,
    check_text,
    reject_null,
)


def error_of(check: Callable[[], object]) -> InvalidInput | None:
    try:
        check()
    except InvalidInput as error:
        return error
    return None


@given(st.text())
def test_a_name_is_one_storable_line_or_is_rejected(text: str) -> None:
    error = error_of(lambda: check_name(text))
    if error is not None:
        assert error.field == "name"
        return
    name = check_name(text)
    assert name == text.strip()
    assert 0 < len(name) <= 300
    assert name.encode()
    assert not set(name) & {"\n", "\r", "\t", "\0"}


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x85", "\u061c", "\u200f", "\u2028", "\u202e", "\u2066", "\ufeff"]
)
def test_a_name_has_no_controls_and_marks_of_direction(character: str) -> None:
    assert error_of(lambda: check_name(f"fees{character}fdp.exe")) is not None


@pytest.mark.parametrize("name", ["2031/fees.pdf", "../fees.pdf", "C:\\fees.pdf"])
def test_the_name_of_a_document_is_no_path(name: str) -> None:
    error = error_of(lambda: check_document_name(name))
    assert error is not None
    assert error.field == "name"
    assert check_document_name(" مرحبا 船.pdf ") == "مرحبا 船.pdf"
    assert check_name("2031/32") == "2031/32"


@given(st.lists(st.text(), max_size=60))
def test_duplicate_tags_are_removed(tags: list[str]) -> None:
    error = error_of(lambda: check_tags(tags))
    if error is not None:
        assert error.field is not None
        assert error.field.split(".")[0] == "tags"
        return
    checked = check_tags(tags)
    assert len(set(checked)) == len(checked) <= 50


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "name must not be empty."),
        ("   ", "name must not be empty."),
        ("x" * 1001, "name has 1,001 characters; at most 1,000 are allowed."),
        ("\ud800", "name must not contain NUL characters or unpaired surrogates."),
        ("a\0b", "name must not contain NUL characters or unpaired surrogates."),
    ],
)
def test_a_text_that_is_blank_too_long_or_not_storable_is_rejected(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_text(text, 1000, "name")
    assert str(raised.value) == message


def test_a_text_keeps_its_surrounding_whitespace() -> None:
    assert check_text(" a\n", 10, "name") == " a\n"


def test_provided_chunk_limits_override_the_defaults() -> None:
    default = Chunking(200, 40)
    assert check_chunking(None, default) is None
    assert check_chunking({}, default) is None
    assert check_chunking({"max_tokens": 64}, default) == Chunking(64, 32)
    assert check_chunking({"overlap_tokens": 0}, default) == Chunking(200, 0)
    assert check_chunking({"max_tokens": None, "overlap_tokens": 100}, default) == Chunking(200, 100)


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_fraction_outside_0_to_1_is_rejected(value: float) -> None:
    with pytest.raises(InvalidInput):
        check_fraction(value, "min_similarity")


def test_only_fields_that_were_sent_as_null_are_rejected() -> None:
    reject_null({"tags": []}, "name", "tags")
    with pytest.raises(InvalidInput) as raised:
        reject_null({"document_ids": None}, "document_ids")
    assert raised.value.field == "document_ids"
    with pytest.raises(InvalidInput) as raised:
        reject_null({"batch_size": None}, "batch_size", parent="load")
    assert raised.value.field == "load.batch_size"

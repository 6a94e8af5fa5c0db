"""What says the same again is passed over; what differs by a fact is not."""

import pytest

from services.retrieval.near_duplicates import NearDuplicates

TEXT = (
    "The pump must be switched off before the cover is opened, because the wheel turns on for some seconds and the water "
    "in the housing stays under pressure until the valve at the back was opened by hand. Clean the filter below the cover "
    "every month with warm water and a soft brush, put it back with the arrow to the wheel, close the cover and tighten "
    "its four bolts crosswise with a torque of 35 Nm. Write date and name into the list beside the door."
)


def is_repeat(later: str, earlier: str = TEXT) -> bool:
    repeats = NearDuplicates()
    assert repeats.is_new(earlier)
    return not repeats.is_new(later)


@pytest.mark.parametrize(
    "later",
    [
        TEXT,
        TEXT.upper(),
        TEXT.replace(" ", "\n"),
        TEXT.replace(",", ";").replace(".", " –"),
        TEXT.replace("The pump", "The big pump"),
        TEXT.replace("seconds", "secconds"),
        TEXT.removesuffix(" beside the door."),
    ],
)
def test_the_same_but_for_its_form_is_a_repeat(later: str) -> None:
    assert is_repeat(later)


@pytest.mark.parametrize(
    ("words", "others"),
    [
        ("35 Nm", "45 Nm"),
        ("must be", "must not be"),
        ("name", "Berta"),
        ("date and name", "date and name of A"),
        ("with warm water", "without warm water"),
        ("four bolts", "bolts"),
    ],
)
def test_another_number_name_or_negation_is_no_repeat(words: str, others: str) -> None:
    later = TEXT.replace(words, others)
    assert later != TEXT
    assert is_repeat(later) is (words == "four bolts")


def test_a_text_without_a_negation_does_not_repeat_one_that_has_it() -> None:
    assert not is_repeat(TEXT, TEXT.replace("must be", "must not be"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bolt A takes 35 Nm.", "Bolt B takes 45 Nm."),
        ("A short line of words.", "A short line of letters."),
        ("", "…"),
        ("取扱説明書をお読みください", "取扱説明書を読んでください"),
    ],
)
def test_short_texts_are_repeats_only_where_they_are_the_same(one: str, other: str) -> None:
    assert not is_repeat(other, one)
    assert is_repeat(one, one)


def test_what_was_passed_over_is_counted() -> None:
    repeats = NearDuplicates()
    assert [repeats.is_new(text) for text in (TEXT, "another", TEXT.upper(), TEXT + " and so on", "another")] == [
        True, True, False, False, False
    ]  # fmt: skip
    assert repeats.dropped == 3

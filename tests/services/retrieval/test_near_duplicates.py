"""Near-duplicates are removed; passages that differ by a fact are kept."""

import pytest

from services.retrieval.near_duplicates import NearDuplicates

TEXT = (
    "The pump must be switched off before the cover is opened, because the wheel turns on for some seconds and the water "
    "in the housing stays under pressure until the valve at the back was opened by hand. Clean the filter below the cover "
    "every month with warm water and a soft brush, put it back with the arrow to the wheel, close the cover and tighten "
    "its four bolts crosswise with a torque of 35 Nm. Write date and name into the list beside the door."
)


def is_near_duplicate(later: str, earlier: str = TEXT) -> bool:
    near_duplicates = NearDuplicates()
    assert near_duplicates.admit(earlier)
    return not near_duplicates.admit(later)


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
def test_a_text_that_differs_only_in_form_is_a_near_duplicate(later: str) -> None:
    assert is_near_duplicate(later)


@pytest.mark.parametrize(
    ("words", "replacement"),
    [
        ("35 Nm", "45 Nm"),
        ("must be", "must not be"),
        ("name", "Berta"),
        ("date and name", "date and name of A"),
        ("with warm water", "without warm water"),
        ("four bolts", "bolts"),
    ],
)
def test_a_different_number_name_or_negation_is_kept(words: str, replacement: str) -> None:
    later = TEXT.replace(words, replacement)
    assert later != TEXT
    assert is_near_duplicate(later) is (words == "four bolts")


def test_a_text_without_the_negation_of_another_is_kept() -> None:
    assert not is_near_duplicate(TEXT, TEXT.replace("must be", "must not be"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bolt A takes 35 Nm.", "Bolt B takes 45 Nm."),
        ("A short line of words.", "A short line of letters."),
        ("", "…"),
        ("取扱説明書をお読みください", "取扱説明書を読んでください"),
    ],
)
def test_a_short_text_is_a_near_duplicate_only_of_the_same_text(one: str, other: str) -> None:
    assert not is_near_duplicate(other, one)
    assert is_near_duplicate(one, one)


def test_dropped_passages_are_counted() -> None:
    near_duplicates = NearDuplicates()
    assert [near_duplicates.admit(text) for text in (TEXT, "another", TEXT.upper(), TEXT + " and so on", "another")] == [
        True, True, False, False, False
    ]  # fmt: skip
    assert near_duplicates.dropped == 3

"""Every string can be made encodable, and a well-formed one stays as it is."""

from hypothesis import given
from hypothesis import strategies as st

from records.values.text import encodable


@given(st.text(st.characters(exclude_categories=())))
def test_the_result_can_be_encoded_and_has_the_same_length(text: str) -> None:
    assert len(encodable(text).encode().decode()) == len(text)


def test_unpaired_surrogates_become_question_marks_and_pairs_stay() -> None:
    assert encodable("a\ud83db \U0001f642") == "a?b \U0001f642"

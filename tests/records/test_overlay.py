"""Settings that are not set are inherited; zero, false and empty values are set."""

from records.model import LoadRequest
from records.session import SamplingSettings, SessionSettings
from records.values.overlay import overlay, set_fields


def test_unset_fields_are_inherited() -> None:
    under = SamplingSettings(temperature=0.7, max_tokens=512)
    assert overlay(SamplingSettings(max_tokens=4), under) == SamplingSettings(temperature=0.7, max_tokens=4)


def test_zero_false_and_empty_values_are_set() -> None:
    under = SessionSettings(system_prompt="Be kind.", rerank=True, history_pairs=10)
    over = SessionSettings(system_prompt="", rerank=False, history_pairs=0)
    assert overlay(over, under) == over


def test_set_fields_leaves_out_what_is_not_set() -> None:
    assert set_fields(LoadRequest(use_mmap=False)) == {"use_mmap": False}

"""The event log: every follower sees the same answer, whole and in order, from wherever it comes back."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.answer import AnswerEvent, Completed, Gap, TextWritten
from records.ids import MessageId
from services.answers.event_log import EventLog
from tests.support.builders import make_message

MESSAGE = MessageId(7)


def end(log: EventLog) -> None:
    log.append(lambda seq: Completed(seq, MESSAGE, make_message(id=MESSAGE, content=log.content)))


def text_of(events: list[AnswerEvent], before: str = "") -> str:
    """Put the answer together as a client would: a gap replaces, a delta is put where its offset says."""
    text = before
    for event in events:
        if isinstance(event, Gap):
            text = event.content
        if isinstance(event, TextWritten):
            assert event.offset == len(text), "no hole and no repeat"
            text += event.text
    return text


async def collect(log: EventLog, after: int = 0) -> list[AnswerEvent]:
    return [event async for event in log.follow(after)]


async def test_a_follower_from_the_start_gets_the_whole_answer_and_one_end() -> None:
    log = EventLog(MESSAGE)
    following = asyncio.ensure_future(collect(log))
    for word in ("Bolt ", "A ", "takes ", "35 Nm."):
        log.write_text(word)
        await asyncio.sleep(0)
    end(log)
    events = await following
    assert text_of(events) == "Bolt A takes 35 Nm."
    assert [isinstance(event, Completed) for event in events].count(True) == 1
    assert isinstance(events[-1], Completed)


async def test_a_late_follower_gets_neighbouring_deltas_joined() -> None:
    log = EventLog(MESSAGE)
    for _ in range(500):
        log.write_text("x")
    end(log)
    events = await collect(log)
    assert len(events) == 2
    assert text_of(events) == "x" * 500


async def test_one_that_fell_out_of_the_ring_is_given_everything_at_once() -> None:
    log = EventLog(MESSAGE, ring=8)
    for number in range(100):
        log.write_text(str(number % 10))
    events_then = log.follow(3)
    first = await anext(events_then)
    assert isinstance(first, Gap)
    end(log)
    rest = [event async for event in events_then]
    assert text_of([first, *rest]) == log.content
    assert isinstance(rest[-1], Completed)


async def test_nothing_follows_the_terminal_event() -> None:
    log = EventLog(MESSAGE)
    end(log)
    with pytest.raises(RuntimeError):
        log.write_text("late")


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=60), st.data())
def test_coming_back_at_any_cursor_loses_and_repeats_nothing(words: list[str], data: st.DataObject) -> None:
    async def story() -> None:
        log = EventLog(MESSAGE, ring=data.draw(st.integers(2, 80)))
        text, after = "", 0
        for word in words:
            log.write_text(word)
            if data.draw(st.booleans()):
                events = log.follow(after)
                event = await anext(events)
                await events.aclose()
                text, after = text_of([event], text), event.seq
        end(log)
        events_left = await collect(log, after)
        assert text_of(events_left, text) == "".join(words)
        assert isinstance(events_left[-1], Completed)

    asyncio.run(story())

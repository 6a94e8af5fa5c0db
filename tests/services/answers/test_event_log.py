"""The event log: every follower receives the same answer, complete and in order, from any cursor."""

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
    """Build the text as a client does: a `Gap` replaces the text, a text event is appended at its offset."""
    text = before
    for event in events:
        if isinstance(event, Gap):
            text = event.content
        if isinstance(event, TextWritten):
            assert event.offset == len(text), "a delta is missing or repeated"
            text += event.text
    return text


async def collect(log: EventLog, after: int = 0) -> list[AnswerEvent]:
    return [event async for event in log.follow(after)]


async def test_a_follower_from_the_start_receives_the_whole_answer_and_one_terminal_event() -> None:
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


async def test_many_followers_at_once_all_receive_every_word() -> None:
    log = EventLog(MESSAGE)
    following = [asyncio.ensure_future(collect(log)) for _ in range(50)]
    for number in range(200):
        log.write_text(str(number))
        await asyncio.sleep(0)
    end(log)
    texts = {text_of(events) for events in await asyncio.gather(*following)}
    assert texts == {"".join(map(str, range(200)))}


async def test_a_late_follower_receives_consecutive_deltas_joined() -> None:
    log = EventLog(MESSAGE)
    for _ in range(500):
        log.write_text("x")
    end(log)
    events = await collect(log)
    assert len(events) == 2
    assert text_of(events) == "x" * 500


async def test_a_follower_behind_the_ring_receives_the_whole_text_as_a_gap() -> None:
    log = EventLog(MESSAGE, ring=8)
    for number in range(100):
        log.write_text(str(number % 10))
    events = log.follow(3)
    first = await anext(events)
    assert isinstance(first, Gap)
    end(log)
    rest = [event async for event in events]
    assert text_of([first, *rest]) == log.content
    assert isinstance(rest[-1], Completed)


async def test_an_event_after_the_terminal_one_is_an_error() -> None:
    log = EventLog(MESSAGE)
    end(log)
    with pytest.raises(RuntimeError):
        log.write_text("late")


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=60), st.data())
def test_a_client_that_reconnects_at_any_cursor_misses_and_repeats_nothing(
    words: list[str], data: st.DataObject
) -> None:
    async def scenario() -> None:
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
        remaining = await collect(log, after)
        assert text_of(remaining, text) == "".join(words)
        assert isinstance(remaining[-1], Completed)

    asyncio.run(scenario())

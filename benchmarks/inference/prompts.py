"""Prompts that begin alike, at once (I5, I6) and one after the other as a chat's turns (I7, I8)."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure, at_most, unmeasured
from benchmarks.inference.building import OpponentMissing
from benchmarks.inference.opponents import open_both
from benchmarks.inference.ours import Ours, open_ours
from benchmarks.inference.sides import Messages, Round, Side, at_once
from benchmarks.inference.texts import alike, bundled_model, facts
from records.model import LoadRequest
from workers.cores import physical_cores

CONTEXT = 8192
STREAMS = 4
COMMON, HISTORY = 1500, 2000
ROUNDS = 5
SHORT, TURN = 16, 48
"""Tokens of an answer: where reading is what is measured, and in a chat."""


WALL = "four prompts with 1,500 common tokens at once, wall ÷ llama.cpp's server"


async def measure(folder: Path, quick: bool) -> list[Figure]:
    model, threads = bundled_model(), physical_cores()
    settings = LoadRequest(context_length=CONTEXT, threads=threads, parallel_sequences=STREAMS)
    async with open_ours(model, settings) as ours:
        turns = await _turns(ours, quick)
        try:
            async with open_both(model, context=CONTEXT, streams=STREAMS, threads=threads) as servers:
                wall, read = await _shared(ours, [ours, *servers], quick)
        except OpponentMissing as missing:
            _, read = await _shared(ours, [ours], quick)
            wall = unmeasured("I5", WALL, missing)
    return [wall, read, *turns]


async def _shared(ours: Ours, sides: Sequence[Side], quick: bool) -> tuple[Figure, Figure]:
    rounds: dict[str, list[Round]] = {side.name: [] for side in sides}
    over: list[int] = []
    for number in range(2 if quick else ROUNDS):
        asked = alike(300 if quick else COMMON, seed=number)
        needed = await _needed(ours, asked)
        before = (await ours.statistics()).prompt_tokens
        for side in sides:
            rounds[side.name].append(await at_once(side, asked, SHORT, f"shared-{number}"))
        over.append((await ours.statistics()).prompt_tokens - before - needed)
    read = sum(reply.prompt_tokens - reply.cached_tokens for reply in rounds["ours"][-1].replies)
    best = {name: min(taken.seconds for taken in each) for name, each in rounds.items()}
    rival = min((seconds for name, seconds in best.items() if name != "ours"), default=math.inf)
    chunk = ours.inference.settings.batch_size
    details: dict[str, Any] = {f"{name}, s": seconds for name, seconds in best.items()}
    wall = at_most("I5", WALL, best["ours"] / rival, 0.45, **details)
    what = "prompt tokens evaluated there beyond common + own"
    return wall, at_most("I6", what, max(over), chunk, asked_for=needed, read=read)


async def _needed(ours: Ours, asked: Sequence[Messages]) -> int:
    """Tokens of what is common, and of each one's own behind it."""
    common = await ours.inference.count_prompt(asked[0][:1])
    whole = [await ours.inference.count_prompt(messages) for messages in asked]
    return common + sum(tokens - common for tokens in whole)


async def _turns(ours: Ours, quick: bool) -> list[Figure]:
    """Conversations that go on three times. Cold is a chat's first answer, with all of its history still to be read."""
    over: list[int] = []
    cold: list[float] = []
    warm: list[float] = []
    for number in range(1 if quick else ROUNDS):
        told = f"Chat {number}. {facts(HISTORY, 100 + number)}"
        history: list[tuple[str, str]] = [("system", told), ("user", "Which item is the heaviest?")]
        last = await ours.ask(history, TURN, f"chat-{number}")
        cold.append(last.first)
        for question in ("And the lightest?", "What stands in room 7?", "Name three items that are light."):
            history += [("assistant", last.text), ("user", question)]
            reply = await ours.ask(history, TURN, f"chat-{number}")
            new = reply.prompt_tokens - last.prompt_tokens - last.tokens
            over.append(reply.prompt_tokens - reply.cached_tokens - new)
            warm.append(reply.first)
            last = reply
    return [
        at_most("I7", "next turn (DIRECT) after 2k tokens of history: evaluated beyond what is new", max(over), 8,
                " tokens", turns=len(over), history=last.prompt_tokens),
        at_most("I8", "its time to first token ÷ cold", median(warm) / median(cold), 0.10,
                warm_ms=1000 * median(warm), cold_ms=1000 * median(cold)),
    ]  # fmt: skip

"""Prompts with a common prefix: at the same time (I5, I6), and one after the other as the turns of a chat (I7, I8)."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure, at_most, unmeasured
from benchmarks.inference.conversations import bundled_model, common_prefix, facts
from benchmarks.inference.engine import Engine, Messages, Round, measure_round
from benchmarks.inference.graphlore_engine import GraphloreEngine, open_graphlore
from benchmarks.inference.llama_server_build import BaselineUnavailable
from benchmarks.inference.llama_servers import open_both_servers
from records.model import LoadRequest
from workers.cores import physical_cores

CONTEXT = 8192
STREAMS = 4
COMMON, HISTORY = 1500, 2000
"""Tokens that prompts have in common, and tokens of the history of a chat."""
ROUNDS = 5
SHORT, TURN = 16, 48
"""Tokens of each answer: in the measurement of simultaneous prompts, and in the measurement of a chat."""
WALL_TIME = "four prompts with 1,500 common tokens at once, wall ÷ llama.cpp's server"


async def measure(folder: Path, quick: bool) -> list[Figure]:
    model, threads = bundled_model(), physical_cores()
    settings = LoadRequest(context_length=CONTEXT, threads=threads, parallel_sequences=STREAMS)
    async with open_graphlore(model, settings) as graphlore:
        turns = await _turns(graphlore, quick)
        try:
            async with open_both_servers(model, context=CONTEXT, streams=STREAMS, threads=threads) as servers:
                wall_time, evaluated = await _simultaneous(graphlore, [graphlore, *servers], quick)
        except BaselineUnavailable as reason:
            _, evaluated = await _simultaneous(graphlore, [graphlore], quick)
            wall_time = unmeasured("I5", WALL_TIME, reason)
    return [wall_time, evaluated, *turns]


async def _simultaneous(graphlore: GraphloreEngine, engines: Sequence[Engine], quick: bool) -> tuple[Figure, Figure]:
    rounds: dict[str, list[Round]] = {engine.name: [] for engine in engines}
    excess: list[int] = []
    for number in range(2 if quick else ROUNDS):
        prompts = common_prefix(300 if quick else COMMON, seed=number)
        required = await _required_tokens(graphlore, prompts)
        before = (await graphlore.statistics()).prompt_tokens
        for engine in engines:
            rounds[engine.name].append(await measure_round(engine, prompts, SHORT, f"shared-{number}"))
        excess.append((await graphlore.statistics()).prompt_tokens - before - required)
    evaluated = sum(reply.prompt_tokens - reply.cached_tokens for reply in rounds["graphlore"][-1].replies)
    best = {name: min(taken.seconds for taken in each) for name, each in rounds.items()}
    baseline = min((seconds for name, seconds in best.items() if name != "graphlore"), default=math.inf)
    chunk = graphlore.inference.settings.batch_size
    details: dict[str, Any] = {f"{name}, s": seconds for name, seconds in best.items()}
    wall_time = at_most("I5", WALL_TIME, best["graphlore"] / baseline, 0.45, **details)
    description = "prompt tokens evaluated beyond the common prefix and the remainders"
    return wall_time, at_most("I6", description, max(excess), chunk, required=required, evaluated=evaluated)


async def _required_tokens(graphlore: GraphloreEngine, prompts: Sequence[Messages]) -> int:
    """Return the least number of tokens to prefill: the common prefix once, and the rest of each prompt."""
    common = await graphlore.inference.count_prompt(prompts[0][:1])
    whole = [await graphlore.inference.count_prompt(messages) for messages in prompts]
    return common + sum(tokens - common for tokens in whole)


async def _turns(graphlore: GraphloreEngine, quick: bool) -> list[Figure]:
    """Measure chats of four turns (I7, I8). In the first turn nothing is cached, so only the other three count."""
    excess: list[int] = []
    cold: list[float] = []
    warm: list[float] = []
    for number in range(1 if quick else ROUNDS):
        facts_text = f"Chat {number}. {facts(HISTORY, 100 + number)}"
        history: list[tuple[str, str]] = [("system", facts_text), ("user", "Which item is the heaviest?")]
        last = await graphlore.ask(history, TURN, f"chat-{number}")
        cold.append(last.first)
        for question in ("And the lightest?", "What stands in room 7?", "Name three items that are light."):
            history += [("assistant", last.text), ("user", question)]
            reply = await graphlore.ask(history, TURN, f"chat-{number}")
            new = reply.prompt_tokens - last.prompt_tokens - last.tokens
            excess.append(reply.prompt_tokens - reply.cached_tokens - new)
            warm.append(reply.first)
            last = reply
    return [
        at_most("I7", "next turn (DIRECT) after 2k tokens of history: evaluated beyond the new tokens", max(excess), 8,
                " tokens", turns=len(excess), history=last.prompt_tokens),
        at_most("I8", "time to first token of that turn ÷ cold", median(warm) / median(cold), 0.10,
                warm_ms=1000 * median(warm), cold_ms=1000 * median(cold)),
    ]  # fmt: skip

"""I2: tokens per second of an answer streamed through GraphQL, relative to a minimal decode loop over llama.cpp."""

from pathlib import Path
from time import perf_counter

from benchmarks.baselines.process import open_baseline
from benchmarks.figures import Figure, at_least
from benchmarks.inference.conversations import bundled_model
from services.models.model_process import ENVIRONMENT
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import MESSAGE_EVENTS, TERMINAL, create_session, send, wait_for_model

PROMPT = "Write a long story about a river that flows through many countries, with every village on its way."
CONTEXT_LENGTH = 8192
ROUNDS = 5


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Measure Graphlore and the decode loop in turns, and compare the best rounds.

    Both keep their model loaded all the time, and both use the same OpenMP settings.
    """
    tokens = 64 if quick else 384
    graphlore, decode_loop = [], []
    async with (
        running_server(folder / "data") as server,
        Client(server.url) as client,
        open_baseline("llama_decoding", str(bundled_model()), str(CONTEXT_LENGTH), environment=ENVIRONMENT) as loop,
    ):
        await wait_for_model(client)
        for _ in range(2 if quick else ROUNDS):
            graphlore.append(await tokens_per_second(client, tokens))
            decode_loop.append((await loop.request(prompt=PROMPT, tokens=tokens))["tokens_per_second"])
    ratio = max(graphlore) / max(decode_loop)
    return [
        at_least(
            "I2",
            "streamed chat, tokens/s ÷ decode loop over llama.cpp",
            ratio,
            0.92,
            graphlore=max(graphlore),
            decode_loop=max(decode_loop),
        )
    ]


async def tokens_per_second(client: Client, tokens: int) -> float:
    """Return the tokens per second between the first delta and the end of the answer.

    The text of the first delta was generated before the measurement, so its share is subtracted.
    """
    session = await create_session(client, [], thinkingMode="DIRECT")
    sent = await send(client, session, PROMPT, sampling={"maxTokens": tokens, "temperature": 0})
    began, first = None, 0
    async with client.subscribe(MESSAGE_EVENTS, id=sent["answer"]["id"]) as events:
        async for event in events:
            change = event["messageEvents"]
            if change["__typename"] == "TextDelta" and began is None:
                began, first = perf_counter(), len(change["text"])
            if change["__typename"] in TERMINAL:
                break
    assert began is not None
    assert change["__typename"] == "MessageCompleted", change
    seconds = perf_counter() - began
    completion_tokens = change["message"]["generation"]["usage"]["completionTokens"]
    return float(completion_tokens * (1 - first / len(change["message"]["content"])) / seconds)

"""I7 in thinking mode RAG: the number of prompt tokens that the next turn of a chat evaluates, in the real server."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_most
from benchmarks.inference.conversations import facts
from benchmarks.server_operations import import_text, wait_until_ready
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import ask, create_session, wait_for_model

USAGE = """query ($id: ID!) { message(id: $id) { generation {
    usage { promptTokens cachedTokens } budget { documents prompt history droppedHistoryMessages } } } }"""
QUESTIONS = ("What stands in room 7?", "Which item is the heaviest?", "What stands in room 12?", "And in room 21?")
SYSTEM_PROMPT_TOKENS = 1500


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Count the tokens that are evaluated beyond the question, the last exchange and the passages.

    The last exchange has to be evaluated again, because the passages before it were replaced. `prompt` in the budget
    is the question with the tokens that the chat template adds.
    """
    async with running_server(folder / "data") as server, Client(server.url) as client:
        await wait_for_model(client)
        document = await import_text(client, facts(4000, 1), "list.txt")
        await wait_until_ready(client, 1)
        background = facts(300 if quick else SYSTEM_PROMPT_TOKENS, 2)
        session = await create_session(client, [document], thinkingMode="RAG", systemPrompt=background)
        turns = [await _turn(client, session, question) for question in QUESTIONS[: 3 if quick else None]]
    excess, evaluated = [], []
    for last, turn in pairwise(turns):
        evaluated.append(turn["usage"]["promptTokens"] - turn["usage"]["cachedTokens"])
        budget = turn["budget"]
        assert not budget["droppedHistoryMessages"], "the history must fit into the context"
        excess.append(
            evaluated[-1] - budget["prompt"] - budget["documents"] - (budget["history"] - last["budget"]["history"])
        )
    description = "next turn (RAG): evaluated beyond the question, the last exchange and the passages"
    return [
        at_most(
            "I7", description, max(excess), 8, " tokens",
            evaluated=evaluated, prompt=turns[-1]["usage"]["promptTokens"], passages=turns[-1]["budget"]["documents"],
        )
    ]  # fmt: skip


async def _turn(client: Client, session: str, question: str) -> dict[str, Any]:
    answer = await ask(client, session, question, sampling={"maxTokens": 40, "temperature": 0})
    assert answer.end["__typename"] == "MessageCompleted", answer.end
    return dict((await client.run(USAGE, id=answer.id))["message"]["generation"])

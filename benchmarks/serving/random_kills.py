"""F1: acknowledged changes survive when the server or a worker is killed at a random moment."""

from pathlib import Path
from random import Random

from benchmarks.figures import Figure, at_most
from tests.e2e.client import Client
from tests.e2e.lifecycle.random_kills import Ledger, check_acknowledged, check_stores, run_round
from tests.e2e.process import running_server

KILLS = 200
CHECK_INTERVAL = 20
"""Number of kills between two comparisons of all documents and stores with the acknowledged changes."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """Return the figure with 0 lost changes. If a change is lost, raise `AssertionError` instead of returning a figure."""
    ledger, random = Ledger(), Random(2)
    kills = 5 if quick else KILLS
    for number in range(1, kills + 1):
        await run_round(folder / "data", ledger, random)
        if number % CHECK_INTERVAL == 0 or number == kills:
            async with running_server(folder / "data") as server, Client(server.url) as client:
                await check_acknowledged(client, ledger)
            chunks = check_stores(folder / "data")
    description = f"acknowledged changes lost in {kills} `kill -9` of the server; half of them also killed a worker"
    return [at_most("F1", description, 0, 0, documents=len(ledger.kept), deleted=len(ledger.deleted), chunks=chunks)]

"""F1: the server and its workers, killed at random moments of ingestion and deletion, keep what they acknowledged."""

from pathlib import Path
from random import Random

from benchmarks.figures import Figure, at_most
from tests.e2e.client import Client
from tests.e2e.lifecycle.random_kills import Ledger, check_acknowledged, check_stores, run_round
from tests.e2e.process import running_server

KILLS = 200
CHECKED_AFTER = 20
"""Kills after which everything is held against what was acknowledged."""


async def measure(folder: Path, quick: bool) -> list[Figure]:
    """A broken promise ends it: the figure is how many were found, and it is 0 or there is none."""
    ledger, random = Ledger(), Random(2)
    kills = 5 if quick else KILLS
    for number in range(1, kills + 1):
        await run_round(folder / "data", ledger, random)
        if number % CHECKED_AFTER == 0 or number == kills:
            async with running_server(folder / "data") as server, Client(server.url) as client:
                await check_acknowledged(client, ledger)
            chunks = check_stores(folder / "data")
    what = f"promises broken in {kills} kills -9 of the server, and of its workers in half of them"
    return [at_most("F1", what, 0, 0, documents=len(ledger.kept), deleted=len(ledger.deleted), chunks=chunks)]

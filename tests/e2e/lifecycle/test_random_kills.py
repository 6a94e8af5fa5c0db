"""SIGKILL of the server and its workers at random moments of ingestion and deletion: all stores agree afterwards."""

from pathlib import Path
from random import Random

import pytest

from tests.e2e.client import Client
from tests.e2e.lifecycle.random_kills import Ledger, check_acknowledged, check_stores, run_round
from tests.e2e.process import running_server

ROUNDS = 5


@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_lost_and_all_stores_agree(data_dir: Path) -> None:
    ledger, random = Ledger(), Random(11)
    for _ in range(ROUNDS):
        await run_round(data_dir, ledger, random)
    assert ledger.kept, "a document was acknowledged"
    assert ledger.deleted, "a document was deleted"
    async with running_server(data_dir) as server, Client(server.url) as client:
        await check_acknowledged(client, ledger)
    assert check_stores(data_dir) > 0

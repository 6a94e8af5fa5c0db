"""A server of the book graph, and an initialised socket to it."""

from collections.abc import AsyncIterator

import pytest

from tests.support.own_task import in_own_task
from tests.transport.conftest import Serve
from tests.transport.websocket.client import Socket, open_socket


@pytest.fixture
async def address(serve: Serve) -> AsyncIterator[str]:
    async with in_own_task(serve()) as opened:
        yield opened


@pytest.fixture
async def socket(address: str) -> AsyncIterator[Socket]:
    async with open_socket(address) as opened:
        await opened.initialise()
        yield opened

"""One real server with its real small model, and a front end's folder, for all clients. Each tells its story once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.relay import compile_operations
from tests.conformance.telling import Told, tell, write_documented
from tests.e2e.process import Server, running_server
from tests.e2e.search.deep_embedder import folder_embedder
from tests.support import files
from tests.support.tiny_gguf import TinyModel, write_tiny_gguf

CLIENTS = ("graphql-ws", "urql", "apollo", "relay")
CACHING = ("urql", "apollo", "relay")
TEMPERATURES = dict(zip(CLIENTS, (0.1, 0.2, 0.3, 0.4), strict=True))
"""What each sets the model to, so that none finds it as the one before left it."""
THINKING = "graphql-ws"
"""The one client whose answer is thought over first: the model takes seconds for that."""
TOKEN = "the access token of these tests"


@dataclass(slots=True)
class Stage:
    server: Server
    folder: Path
    compiled: list[str]
    _told: dict[str, Told] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        return f"{self.server.url}/graphql"

    async def told(self, client: str) -> Told:
        if client not in self._told:
            self._told[client] = await tell(
                client,
                self.folder,
                url=self.address,
                token=TOKEN,
                file=str(_own_file(self.folder, client)),
                spare=_spare(client),
                temperature=TEMPERATURES[client],
                thinkingMode="HYBRID" if client == THINKING else "RAG",
                compiled=self.compiled,
            )
        return self._told[client]


@asynccontextmanager
async def open_stage(folder: Path) -> AsyncIterator[Stage]:
    front, data, models = (folder / name for name in ("front", "data", "models"))
    front.mkdir()
    compiled = await asyncio.to_thread(compile_operations, front)
    write_documented(front)
    models.mkdir()
    for seed, client in enumerate(CLIENTS):
        write_tiny_gguf(models / f"{_spare(client)}.gguf", TinyModel(name=_spare(client), seed=seed))
    names = [file.name.removesuffix(".graphql.js") for file in compiled.glob("*.graphql.js")]
    deep = str(folder_embedder(folder))
    async with running_server(data, access_token=TOKEN, models_dir=str(models), deep_embedder=deep) as server:
        yield Stage(server, front, names)


def _spare(client: str) -> str:
    """The model that this client deletes."""
    return f"spare-{client}"


def _own_file(folder: Path, client: str) -> Path:
    """A PDF of bytes that no other client uploads."""
    file = files.WRITERS["pdf"](folder / f"{client}.pdf").path
    with file.open("ab") as opened:
        opened.write(f"\n% {client}\n".encode())
    return file

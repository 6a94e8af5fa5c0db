"""A store of messages that records its calls and can be blocked."""

from typing import Any

from persistence.sessions.messages import Messages
from records.access import AnyScope
from records.answer import AnswerProgress
from tests.fakes.ingestion import Gate


class ObservedMessages:
    """The real store of messages. The storage of an exchange waits while `gate` is closed."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.calls: list[str] = []
        "The names of all calls."
        self.progress: list[AnswerProgress] = []
        "The arguments of all checkpoints."
        self._store: Any = None

    def wrap(self, store: Any) -> Any:
        """Return this store in place of the store of messages, which it calls; return other stores as they are."""
        if not isinstance(store, Messages):
            return store
        self._store = store
        return self

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self._store, name)

    async def start_exchange(self, *arguments: Any, **keywords: Any) -> Any:
        await self.gate.passed()
        return await self._store.start_exchange(*arguments, **keywords)

    async def checkpoint(self, scope: AnyScope, progress: AnswerProgress) -> None:
        self.progress.append(progress)
        await self._store.checkpoint(scope, progress)

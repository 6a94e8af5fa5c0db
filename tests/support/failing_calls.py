"""Fault injection: one call in a sequence of calls fails, whichever it is."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class FailingCalls:
    """Raises an error in the n-th call (from 1) of the async methods of wrapped objects. Earlier and later ones work."""

    def __init__(self, fail_at: int, error: Exception) -> None:
        self._fail_at = fail_at
        self._error = error
        self.count = 0
        "Calls so far."

    @property
    def has_failed(self) -> bool:
        return self.count >= self._fail_at

    def wrap(self, target: T) -> T:
        """Return an object with the attributes and methods of `target`."""
        return cast(T, _Wrapped(target, self))

    def check(self) -> None:
        """Count a call. Raises the error if it is the one that fails."""
        self.count += 1
        if self.count == self._fail_at:
            raise self._error


class _Wrapped:
    def __init__(self, target: object, calls: FailingCalls) -> None:
        self._target = target
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._target, name)
        return self._failing(attribute) if inspect.iscoroutinefunction(attribute) else attribute

    def _failing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **options: Any) -> Any:
            self._calls.check()
            return await method(*arguments, **options)

        return call

"""An event that can be set again and again, for tasks that wait until something changes."""

from collections.abc import Callable

import anyio


class Signal:
    """A reusable event. It stays set until `clear`, so that a task that waits later returns at once."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def set(self) -> None:
        """Wake all waiting tasks; later calls of `wait` return at once until `clear`."""
        self._event.set()

    def clear(self) -> None:
        """Make later calls of `wait` wait for the next `set`. Tasks that were woken are not affected."""
        if self._event.is_set():
            self._event = anyio.Event()

    def pulse(self) -> None:
        """Wake the tasks that wait now. Unlike `set`, it does not affect later calls of `wait`."""
        self._event.set()
        self._event = anyio.Event()

    async def wait(self) -> None:
        """Return after the next `set` or `pulse`; at once if `set` was called since the last `clear`."""
        await self._event.wait()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return when `condition` is true. It is evaluated now and after each `set` or `pulse`."""
        while not condition():
            event = self._event
            await event.wait()
            self.clear()

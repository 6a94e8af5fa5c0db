"""A signal that can be given again and again, for tasks that wait until something changes."""

from collections.abc import Callable

import anyio


class Signal:
    """Wakes waiting tasks. A signal that is given while no task waits is kept until `clear`."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def set(self) -> None:
        """Wake all waiting tasks; later calls of `wait` return at once until `clear`."""
        self._event.set()

    def clear(self) -> None:
        """Make `wait` wait for the next `set`. Tasks that wait already are not affected."""
        if self._event.is_set():
            self._event = anyio.Event()

    def pulse(self) -> None:
        """Wake the tasks that wait now, and none that wait later."""
        self._event.set()
        self._event = anyio.Event()

    async def wait(self) -> None:
        """Return when the signal is given; at once if it was given since the last `clear`."""
        await self._event.wait()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return when `condition` holds. It is evaluated now and after each signal."""
        while not condition():
            event = self._event
            await event.wait()
            self.clear()

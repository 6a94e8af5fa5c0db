"""Delays after failed attempts to log in, by account, by network and by device."""

import hmac
import ipaddress
import time
from collections.abc import Callable
from hashlib import sha256

from records.access import Cookie, Exchange
from records.ids import UserId
from records.values.text import comparison_key
from services.interfaces.access.login_delay_store import LoginDelayStore
from services.interfaces.access.secret_keys import SecretKeys

PURPOSE = "devices"
DEVICE_COOKIE = "device"
DEVICE_SECONDS = 400 * 24 * 3600
"""Lifetime of the cookie that marks a browser on which a user has logged in before."""
FREE_OF_ACCOUNT, FREE_OF_NETWORK = 5, 30
"""Failed attempts without a delay. Many people may share a network."""
FORGOTTEN_SECONDS = 24 * 3600
"""Time after which failed attempts are forgotten."""


class Delays:
    """Counts attempts to log in. A browser on which the user logged in before has a count of its own.

    So a stranger who guesses passwords delays neither that browser nor, from another network, anyone else.
    """

    def __init__(self, store: LoginDelayStore, keys: SecretKeys, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._keys = keys
        self._now = now

    async def begin(self, email: str, exchange: Exchange, user_id: UserId | None) -> bool:
        """Count an attempt as failed. Return False, without counting it, if it comes before the delay has passed."""
        now = self._now()
        await self._store.remove_older(now - FORGOTTEN_SECONDS)
        return await self._store.begin(self._free_failures(email, exchange, user_id), now)

    async def begin_sign_up(self, exchange: Exchange) -> bool:
        """Count a sign-up of a network. Return False if there were too many."""
        key = f"sign-up {_network(exchange.address)}"
        return await self._store.begin({key: FREE_OF_NETWORK}, self._now())

    async def succeeded(self, email: str, exchange: Exchange, user_id: UserId) -> None:
        """Erase the count of the account or device. The network's count keeps the failed attempts of other accounts."""
        keys = list(self._free_failures(email, exchange, user_id))
        await self._store.succeed(keys[0], keys[1:])

    def mark_device(self, exchange: Exchange, user_id: UserId) -> None:
        """Put the cookie of a known device into the response."""
        exchange.response_cookies[DEVICE_COOKIE] = Cookie(self._device_mark(user_id), DEVICE_SECONDS)

    def _free_failures(self, email: str, exchange: Exchange, user_id: UserId | None) -> dict[str, int]:
        """Return the keys under which an attempt is counted, with the number of failures without a delay.

        The account or the device is first.
        """
        account = sha256(comparison_key(email).encode("utf-8", "replace")).hexdigest()
        if user_id is not None and self._is_known_device(exchange, user_id):
            return {f"device {account}": FREE_OF_ACCOUNT}
        return {f"account {account}": FREE_OF_ACCOUNT, f"network {_network(exchange.address)}": FREE_OF_NETWORK}

    def _is_known_device(self, exchange: Exchange, user_id: UserId) -> bool:
        mark = exchange.cookies.get(DEVICE_COOKIE, "")
        return hmac.compare_digest(mark.encode("utf-8", "replace"), self._device_mark(user_id).encode())

    def _device_mark(self, user_id: UserId) -> str:
        return hmac.digest(self._keys.current(PURPOSE)[1], str(user_id).encode(), sha256).hex()


def _network(address: str | None) -> str:
    """Return the network of an address: 24 bits of an IPv4 address, 56 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    bits = 24 if parsed.version == 4 else 56
    return str(ipaddress.ip_network((parsed, bits), strict=False))

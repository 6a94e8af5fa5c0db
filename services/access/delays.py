"""Delays after failed attempts to log in, by account, by network and by device."""

import hmac
import ipaddress
import time
from collections.abc import Callable
from hashlib import sha256

from records.access import Cookie, CredentialsRecord, Exchange
from records.values.text import comparison_key
from services.interfaces.access.login_delay_store import LoginDelayStore
from services.interfaces.access.secret_keys import SecretKeys

PURPOSE = "devices"
DEVICE_COOKIE = "device"
DEVICE_SECONDS = 400 * 24 * 3600
"""Lifetime of the cookie that marks a browser on which a user has logged in before."""
FREE_OF_ACCOUNT, FREE_OF_NETWORK = 5, 30
"""Failed attempts without a delay. Many people may share a network."""


class Delays:
    """Counts attempts to log in. A browser on which the user logged in before has a count of its own.

    So a stranger who guesses passwords delays neither that browser nor, from another network, anyone else.
    """

    def __init__(self, store: LoginDelayStore, keys: SecretKeys, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._keys = keys
        self._now = now

    async def begin(self, email: str, exchange: Exchange, account: CredentialsRecord | None) -> bool:
        """Count an attempt as failed. Return False, without counting it, if it comes before the delay has passed."""
        return await self._store.begin(self._free_failures(email, exchange, account), self._now())

    async def begin_sign_up(self, exchange: Exchange) -> bool:
        """Count a sign-up of a network. Return False if there were too many."""
        key = f"sign-up {_network(exchange.address)}"
        return await self._store.begin({key: FREE_OF_NETWORK}, self._now())

    async def succeed(self, email: str, exchange: Exchange, account: CredentialsRecord) -> None:
        """Erase the count of the account or device. The network's count keeps the failed attempts of other accounts."""
        keys = list(self._free_failures(email, exchange, account))
        await self._store.cancel(keys[1:])
        await self._store.forgive(keys[0])

    async def cancel(self, email: str, exchange: Exchange, account: CredentialsRecord | None) -> None:
        """Subtract an attempt whose password could not be checked."""
        await self._store.cancel(list(self._free_failures(email, exchange, account)))

    def mark_device(self, exchange: Exchange, account: CredentialsRecord) -> None:
        """Put the cookie of a known device into the response. It ends with the password."""
        exchange.response_cookies[DEVICE_COOKIE] = Cookie(self._device_mark(account), DEVICE_SECONDS)

    def _free_failures(self, email: str, exchange: Exchange, account: CredentialsRecord | None) -> dict[str, int]:
        """Return the keys under which an attempt is counted, with the number of failures without a delay.

        The account or the device is first.
        """
        address = sha256(comparison_key(email).encode("utf-8", "replace")).hexdigest()
        if account is not None and self._is_known_device(exchange, account):
            return {f"device {address}": FREE_OF_ACCOUNT}
        return {f"account {address}": FREE_OF_ACCOUNT, f"network {_network(exchange.address)}": FREE_OF_NETWORK}

    def _is_known_device(self, exchange: Exchange, account: CredentialsRecord) -> bool:
        mark = exchange.cookies.get(DEVICE_COOKIE, "")
        return hmac.compare_digest(mark.encode("utf-8", "replace"), self._device_mark(account).encode())

    def _device_mark(self, account: CredentialsRecord) -> str:
        stated = f"{account.user.id} {account.password_hash}".encode()
        return hmac.digest(self._keys.current(PURPOSE)[1], stated, sha256).hex()


def _network(address: str | None) -> str:
    """Return the network of an address: 24 bits of an IPv4 address, 56 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    bits = 24 if parsed.version == 4 else 56
    return str(ipaddress.ip_network((parsed, bits), strict=False))

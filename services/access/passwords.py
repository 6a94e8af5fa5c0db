"""Passwords: their rules after NIST SP 800-63B-4, and their hashes by Argon2id.

A password is compared in Unicode form NFKC, so that the same characters match whichever way a keyboard composes them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn

from records.access import PasswordWeakness
from records.errors import Busy, WeakPassword
from records.values.text import encodable

Result = TypeVar("Result")

MIN_LENGTH, MAX_LENGTH = 15, 1024
"""Allowed lengths in code points of the normalized password."""
MAX_RAW_LENGTH = 4 * MAX_LENGTH
"""Maximum length of a password as it is sent. Several code points may become one."""
MIN_SCORE = 3
"""Lowest score of zxcvbn, from 0 to 4; from 3 on, guessing takes more than 10^8 attempts."""
MIN_BESIDE_NAMES = 8
"""Minimum number of characters besides words of the user's name and address."""
EXAMINED = 20
"""Characters at the beginning and at the end that zxcvbn examines; its time grows fast with the length."""

MEMORY_KIB, ITERATIONS, LANES = 19_456, 2, 1
"""Parameters of Argon2id after the OWASP Password Storage Cheat Sheet: about 40 ms on one core."""
MAX_THREADS = 2
MAX_WAITING = 64
"""Number of passwords that may wait to be hashed. More are refused: waiting requests would use up memory."""


class Passwords:
    """Hashes and verifies passwords in at most `MAX_THREADS` threads. Its creation computes a hash and blocks for 40 ms."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost=ITERATIONS, memory_cost=memory_kib, parallelism=LANES)
        self._threads = anyio.CapacityLimiter(MAX_THREADS)
        self._waiting = 0
        self._dummy_hash = self._hasher.hash("")

    async def hash(self, password: str) -> str:
        """Return the hash of a password. Raises `Busy` if too many passwords wait to be hashed."""
        return await self._run(lambda: self._hasher.hash(normalize(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether a password has this hash. None takes as long as a wrong password. Raises `Busy`."""
        if len(password) > MAX_RAW_LENGTH or len(normalize(password)) > MAX_LENGTH:
            password_hash, password = None, ""
        known = password_hash or self._dummy_hash
        is_right = await self._run(lambda: self._verify(known, password))
        return is_right and password_hash is not None

    async def check(self, password: str, *names: str) -> str:
        """Return the password. `names` are the name and the address of the user.

        Raises `WeakPassword` with the reason if it has fewer than `MIN_LENGTH` or more than `MAX_LENGTH` characters, has
        fewer than `MIN_BESIDE_NAMES` characters besides `names`, or if zxcvbn finds that it can be guessed. Raises `Busy`.
        """
        await self._run(lambda: _check(password, names))
        return password

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether the hash was computed with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, normalize(password))
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MAX_WAITING:
            raise Busy(
                "Too many people are logging in. Try again in a few seconds.", queue_depth=0, retry_after_ms=3000
            )
        self._waiting += 1
        try:
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._waiting -= 1


def normalize(password: str) -> str:
    """Return the form of a password that is hashed. Text beyond `MAX_RAW_LENGTH` is cut: normalizing it takes too long."""
    return unicodedata.normalize("NFKC", encodable(password[:MAX_RAW_LENGTH]))


def _check(password: str, names: Sequence[str]) -> None:
    normalized = normalize(password)
    if len(normalized) < MIN_LENGTH:
        message = f"{{field}} has {len(normalized)} characters; it must have at least {MIN_LENGTH}."
        raise WeakPassword(message, PasswordWeakness.TOO_SHORT)
    if len(normalized) > MAX_LENGTH or len(password) > MAX_RAW_LENGTH:
        message = f"{{field}} has {len(normalized):,} characters; at most {MAX_LENGTH:,} are allowed."
        raise WeakPassword(message, PasswordWeakness.TOO_LONG)
    words = {word for name in (*names, "graphlore") for word in _words(name)}
    if len(_without(normalized, words)) < MIN_BESIDE_NAMES:
        message = "{field} must not consist of your name, your address or the name of this server."
        raise WeakPassword(message, PasswordWeakness.CONTAINS_NAME)
    parts = {normalized[:EXAMINED], normalized[-EXAMINED:]}
    found = max((zxcvbn(part) for part in parts), key=lambda each: int(each["score"]))
    if found["score"] < MIN_SCORE:
        raise _weak(found["sequence"])


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", normalize(name).casefold()) if len(word) > 2]


def _without(password: str, words: Iterable[str]) -> str:
    """Return the characters of a password that are not part of one of the words, without spaces and signs of ASCII."""
    rest = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return re.sub(r"[\s!-/:-@\[-`{-~]+", "", rest)


def _weak(sequence: Sequence[Mapping[str, Any]]) -> WeakPassword:
    if any(match["pattern"] in ("repeat", "sequence") for match in sequence):
        return WeakPassword("{field} repeats or counts up a few characters.", PasswordWeakness.REPEATED)
    return WeakPassword("{field} is among the passwords that are guessed first.", PasswordWeakness.COMMON)

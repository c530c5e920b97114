"""Codes to type, tokens to carry, and a limit for those who guess."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another when read from a wall
CODE_LENGTH = 6  # 31⁶ = 887,503,681 codes
MOST_KEYS = 10_000  # that a limiter remembers


def new_code() -> str:
    """A join code."""
    return "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))


def new_token() -> str:
    """256 bits that nobody guesses, as text for an address or a cookie."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: the file alone lets nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def same_code(typed: str, code: str) -> bool:
    """Whether this is the code, however it was typed; the time that this takes tells nothing."""
    plain = "".join(letter for letter in typed[:64].upper() if letter.isalnum())
    return hmac.compare_digest(plain.encode(), code.encode())


class Limiter:
    """At most `most` misses in `seconds` for each key; safe from any thread."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic):
        self.most, self.seconds, self._clock = most, seconds, clock
        self._misses: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def blocks(self, key: str) -> bool:
        """Whether the key has missed too often to be heard now."""
        with self._lock:
            return len(self._recent(key)) >= self.most

    def miss(self, key: str) -> None:
        with self._lock:
            misses = self._recent(key)
            misses.append(self._clock())
            if len(self._misses) >= MOST_KEYS and key not in self._misses:
                self._misses.pop(next(iter(self._misses)))
            self._misses[key] = misses

    def _recent(self, key: str) -> deque[float]:
        misses = self._misses.get(key, deque(maxlen=self.most))
        while misses and misses[0] <= self._clock() - self.seconds:
            misses.popleft()
        return misses

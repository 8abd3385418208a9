"""How many watch: sessions that really played for 10 seconds or more and said so within the last while."""

import time
from collections.abc import Callable, Collection

BEAT_SECONDS = 15
FORGET_SECONDS = 2.5 * BEAT_SECONDS
MAX_SESSION_CHARACTERS = 64
MAX_SESSIONS = 500_000
"""Bounds the memory that made-up sessions can take."""


class Watching:
    """Viewers of each episode, in memory alone: a session is a random name that a page made for itself."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: dict[str, dict[str, float]] = {}

    def only(self, live: Collection[str]) -> None:
        """Counts these episodes from now on and forgets all others; a beat never asks the database."""
        self._seen = {episode: self._seen.get(episode, {}) for episode in live}

    def beat(self, episode: str, session: str) -> None:
        """A page played on; its player sends the first beat after 10 seconds of playback."""
        if episode not in self._seen:
            return
        sessions = self._seen[episode]
        if session in sessions or len(sessions) < MAX_SESSIONS:
            sessions.pop(session, None)  # The order of insertion is the order of the last beats.
            sessions[session] = self._monotonic()

    def count(self, episode: str) -> int:
        """How many are watching now."""
        sessions = self._seen.get(episode, {})
        too_old = self._monotonic() - FORGET_SECONDS
        while sessions and next(iter(sessions.values())) < too_old:
            del sessions[next(iter(sessions))]
        return len(sessions)

    def episodes(self) -> list[str]:
        """The episodes counted."""
        return list(self._seen)

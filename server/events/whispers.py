"""What is true just now and never was a fact: only the newest value of each, for whoever is there."""

from typing import Any

from server.events.ring import sse

MOST = 1000
"""Values kept; the ones not changed for longest are forgotten first."""


class Whispers:
    """The newest value per (episode, event), each with the number of the change that brought it."""

    def __init__(self) -> None:
        self.version = 0
        self._values: dict[tuple[str, str], tuple[int, bytes]] = {}

    def put(self, episode: str, event: str, said: Any) -> bool:
        """Replaces a value; False if it was this already."""
        frame = sse(event, said)
        key = (episode, event)
        if key in self._values and self._values[key][1] == frame:
            return False
        self.version += 1
        self._values.pop(key, None)
        self._values[key] = (self.version, frame)
        if len(self._values) > MOST:
            del self._values[next(iter(self._values))]
        return True

    def since(self, version: int, episode: str | None) -> list[bytes]:
        """The values that changed after this version, of one episode or of all."""
        return [
            frame
            for (about, _), (changed, frame) in self._values.items()
            if changed > version and episode in (None, about)
        ]

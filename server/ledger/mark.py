"""The high-water mark: what this server has signed last, kept apart from the database.

It is written before the key signs, so whatever a stranger holds of us, the mark is at least as far. A database
that came back empty, older or other than that is noticed before a second history begins.
"""

from pathlib import Path

from server.ledger.checkpoint import BadNote, Checkpoint, parse
from server.ledger.durable import draft, settle


class BadMark(Exception):
    """The file is there but cannot be read; the message says which file."""


class Mark:
    """One file with the text of one checkpoint. Only the sequencer writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Checkpoint | None:
        """The last checkpoint, None if nothing was ever signed here."""
        if not self.path.exists():
            return None
        try:
            return parse(self.path.read_text())
        except (BadNote, UnicodeDecodeError):
            raise BadMark(
                f"{self.path} does not say how far the ledger was signed. Put it back from its backup."
            ) from None

    def write(self, checkpoint: Checkpoint) -> None:
        """Replaces the mark; it is durable when this returns."""
        draft(self.path, checkpoint.text().encode()).replace(self.path)
        settle(self.path.parent)

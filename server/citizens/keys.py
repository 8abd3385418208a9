"""The citizens' secret: made once, kept in a file (mode 0600) apart from the database; every use has its own key of it.

Whoever has this file and the database can try telephone numbers against digests; the database alone tells nothing.
"""

import contextlib
import hmac
import secrets
from pathlib import Path

from server.ledger.durable import draft, settle

SECRET_BYTES = 32


class BadSecret(Exception):
    """The file is there but holds no secret; the message says which file."""


def load_or_make(path: Path) -> bytes:
    """The secret in this file, made now if there is no file. Two starters at once agree on one."""
    if not path.exists():
        _make(path)
    try:
        secret = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise BadSecret(
            f"{path} does not hold {SECRET_BYTES} bytes in hex. Put the citizens' key back from its backup."
        )
    return secret


def derive(secret: bytes, name: str) -> bytes:
    """The key for one use: HMAC-SHA256(secret; name). Keys of different names tell nothing of one another."""
    return hmac.digest(secret, name.encode(), "sha256")


def _make(path: Path) -> None:
    drafted = draft(path, secrets.token_hex(SECRET_BYTES).encode() + b"\n")
    # Linking fails where the file exists: the first maker wins, and nothing is ever overwritten.
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(drafted)
    drafted.unlink()
    settle(path.parent)

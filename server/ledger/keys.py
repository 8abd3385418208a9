"""The ledger's signing key: made once, kept in a file (mode 0600) apart from the database, not overwritten."""

import contextlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from server.ledger.durable import draft, settle


class BadKey(Exception):
    """The file is there but is no Ed25519 key; the message says which file."""


def load_or_make(path: Path) -> Ed25519PrivateKey:
    """The key in this file, made now if there is no file. Two starters at once agree on one key."""
    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):  # TypeError: it asks for a password.
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path} is not an Ed25519 key in PEM form. Put the ledger's key back from its backup.")
    return key


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    drafted = draft(path, pem)
    # Linking fails where the file exists: the first maker wins, and nothing is ever overwritten.
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(drafted)
    drafted.unlink()
    settle(path.parent)

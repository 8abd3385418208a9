"""The ledger's signing key: made once, kept in a file apart from the database (mode 0600), never overwritten."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


class BadKey(Exception):
    """The file is there but is no Ed25519 key; the message says which file."""


def load_or_make(path: Path) -> Ed25519PrivateKey:
    """The key in this file, made now if there is no file. Two starters at once agree on one key."""
    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path} is not an Ed25519 key in PEM form. Put the ledger's key back from its backup.")
    return key


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # Fails where the file exists: the first maker wins, nothing is overwritten.
    except FileExistsError:
        pass
    finally:
        draft.unlink()

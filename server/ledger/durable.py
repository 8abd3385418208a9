"""Small files that are whole or absent, whatever happens, and survive a power cut."""

import os
import secrets
from pathlib import Path


def draft(path: Path, content: bytes) -> Path:
    """Writes a file (mode 0600) beside this path, durable when this returns; the caller puts it into place."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:  # Most likely the disk is full: a draft that stays makes it fuller.
        beside.unlink(missing_ok=True)
        raise
    return beside


def settle(directory: Path) -> None:
    """Makes the directory's names durable too: a file's own fsync does not."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

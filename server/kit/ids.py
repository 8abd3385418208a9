"""Names for things and secrets for people, both from the operating system's randomness."""

import hashlib
import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
ID_CHARACTERS = 16  # 80 bits


def new_id(prefix: str) -> str:
    """An unguessable name such as `fi_3k9…`, safe in URLs and file names."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(ID_CHARACTERS))


def new_secret() -> str:
    """A bearer secret of 256 bits, URL-safe."""
    return secrets.token_urlsafe(32)


def digest_of(text: str) -> str:
    """SHA-256 of a text in hex: how secrets are kept and looked up."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

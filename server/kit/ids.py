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


def keyed_digest(key: bytes, text: str) -> str:
    """A digest (hex, 64 digits) that nobody can make or check without the key: BLAKE2b, keyed (RFC 7693, section 2.9).

    Half the cost of an HMAC with SHA-256, which counts where thousands of votes a second are checked.
    """
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=32).hexdigest()


def digest_of(text: str) -> str:
    """SHA-256 of a text in hex: how secrets are kept and looked up."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""Checkpoints as signed notes (C2SP tlog-checkpoint, signed-note), Ed25519. Pure."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = b"\x01"
"""Signature type of the signed-note specification."""


class BadNote(Exception):
    """A note that does not parse, or whose signature is not by the key asked for."""


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: its name, how many entries it has, and their root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note's text, final newline included."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note, as it is served."""
    text = checkpoint.text()
    blob = key_id(checkpoint.origin, key.public_key()) + key.sign(text.encode())
    return f"{text}\n— {checkpoint.origin} {base64.b64encode(blob).decode()}\n"


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + _public(key)).digest()[:4]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """The key as a verifier is given it: `name+id+key`."""
    return f"{name}+{key_id(name, key).hex()}+{base64.b64encode(ED25519 + _public(key)).decode()}"


def verify(note: str, vkey: str) -> Checkpoint:
    """The checkpoint that this note holds, if the key signed it; BadNote otherwise."""
    name, wanted, key = _parse_verifier_key(vkey)
    text, separator, signatures = note.rpartition("\n\n")
    if not separator:
        raise BadNote("the note has no blank line before its signatures")
    text += "\n"
    for line in signatures.splitlines():
        blob = _signature(line, name)
        if blob[:4] != wanted:
            continue
        try:
            key.verify(blob[4:], text.encode())
        except InvalidSignature:
            raise BadNote(f"the signature by {name} is wrong") from None
        return _parse(text)
    raise BadNote(f"the note is not signed by {name}")


def _signature(line: str, name: str) -> bytes:
    dash, _, rest = line.partition(" ")
    signer, _, encoded = rest.partition(" ")
    return base64.b64decode(encoded) if dash == "—" and signer == name else b""


def _parse_verifier_key(vkey: str) -> tuple[str, bytes, Ed25519PublicKey]:
    name, _, rest = vkey.partition("+")
    wanted, _, encoded = rest.partition("+")
    blob = base64.b64decode(encoded)
    if blob[:1] != ED25519:
        raise BadNote("the verifier key is not an Ed25519 key")
    return name, bytes.fromhex(wanted), Ed25519PublicKey.from_public_bytes(blob[1:])


def _parse(text: str) -> Checkpoint:
    lines = text.splitlines()
    if len(lines) < 3 or not lines[1].isascii() or not lines[1].isdecimal():
        raise BadNote("the note is not a checkpoint: origin, size and root are expected")
    return Checkpoint(lines[0], int(lines[1]), base64.b64decode(lines[2]))


def _public(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)

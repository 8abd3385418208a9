"""Checkpoints as signed notes (C2SP tlog-checkpoint, signed-note), Ed25519. Pure."""

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = b"\x01"
"""Signature type of the signed-note specification."""
MAX_NOTE_CHARACTERS = 256 * 1024
"""Room for far more than the 16 signatures that a verifier has to accept."""


class BadNote(Exception):
    """A note that does not parse, or whose signature is not by the key asked for."""


class BadName(Exception):
    """A key's name, which is the ledger's origin, that no signature line could carry."""


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
    if not re.fullmatch(r"[^\s+\x00-\x1f\x7f]+", name):
        raise BadName(
            f"“{name}” cannot name a ledger: it must not be empty nor hold a space or a plus. "
            "Use an address without a scheme, such as inspect.example/ledger."
        )
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + _public(key)).digest()[:4]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """The key as a verifier is given it: `name+id+key`."""
    return f"{name}+{key_id(name, key).hex()}+{base64.b64encode(ED25519 + _public(key)).decode()}"


def verify(note: str, vkey: str) -> Checkpoint:
    """The checkpoint that this note holds, if the key signed it; BadNote otherwise."""
    name, key = _parse_verifier_key(vkey)
    checkpoint = parse(signed_text(note, name, key))
    if checkpoint.origin != name:
        raise BadNote(f"the checkpoint is of {checkpoint.origin}, the key of {name}")
    return checkpoint


def signed_text(note: str, name: str, key: Ed25519PublicKey) -> str:
    """The text of a note that this key signed; of several signatures by it, all must be right."""
    text, lines = _halves(note)
    signatures = [blob[4:] for line in lines if (blob := _blob_by(name, line))[:4] == key_id(name, key)]
    if not signatures:
        raise BadNote(f"the note is not signed by {name}")
    for signature in signatures:
        try:
            key.verify(signature, text.encode())
        except InvalidSignature:
            raise BadNote(f"the signature by {name} is wrong") from None
    return text


def _halves(note: str) -> tuple[str, list[str]]:
    """Text and signature lines; the last empty line parts them."""
    if len(note) > MAX_NOTE_CHARACTERS or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise BadNote("the note is too long, or holds control characters")
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise BadNote("a note is a text, a blank line and signatures, each with a newline at its end")
    return text + "\n", signatures.removesuffix("\n").split("\n")


def _blob_by(name: str, line: str) -> bytes:
    dash, _, rest = line.partition(" ")
    signer, _, encoded = rest.partition(" ")
    if dash != "—" or not signer:
        raise BadNote("a signature line is a dash, a name and base64")
    blob = _base64(encoded)
    return blob if signer == name else b""


def _parse_verifier_key(vkey: str) -> tuple[str, Ed25519PublicKey]:
    name, _, rest = vkey.partition("+")
    wanted, _, encoded = rest.partition("+")
    blob = _base64(encoded)
    if blob[:1] != ED25519 or len(blob) != 33:
        raise BadNote("the verifier key is not an Ed25519 key")
    key = Ed25519PublicKey.from_public_bytes(blob[1:])
    if wanted != key_id(name, key).hex():
        raise BadNote("the verifier key does not have the id that it says")
    return name, key


def parse(text: str) -> Checkpoint:
    """The checkpoint that a note's text is; BadNote otherwise."""
    *lines, last = text.split("\n")
    if last or len(lines) < 3 or not all(lines) or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise BadNote("the note is not a checkpoint: origin, size and root are expected")
    digest = _base64(lines[2])
    if len(digest) != hashlib.sha256().digest_size:
        raise BadNote("the checkpoint's root is not a SHA-256 hash")
    return Checkpoint(lines[0], int(lines[1]), digest)


def _base64(text: str) -> bytes:
    """RFC 4648, section 4, in its one canonical form."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except ValueError:
        decoded = b""
    if not decoded or base64.b64encode(decoded).decode() != text:
        raise BadNote("the note holds something that is not base64")
    return decoded


def _public(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)

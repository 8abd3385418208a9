"""A stranger's verifier, written from RFC 6962 and the signed-note specification; it shares no line with the server."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True)
class Tree:
    """A checkpoint whose signature was found good."""

    size: int
    root: bytes


def h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def open_note(note: str, vkey: str) -> Tree:
    """Checks the one signature that we trust, and reads what it signs."""
    name, key_hash, key = vkey.strip().split("+", 2)
    raw_key = base64.b64decode(key)
    assert raw_key[0] == 1
    assert h(name.encode(), b"\n", raw_key).hex()[:8] == key_hash
    body, signatures = note.split("\n\n")
    signed = next(line for line in signatures.splitlines() if line.startswith(f"\u2014 {name} "))
    blob = base64.b64decode(signed.split(" ")[2])
    assert blob[:4].hex() == key_hash
    Ed25519PublicKey.from_public_bytes(raw_key[1:]).verify(blob[4:], (body + "\n").encode())
    origin, size, root = body.split("\n")[:3]
    assert origin == name
    return Tree(int(size), base64.b64decode(root))


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    if len(leaves) == 0:
        return h()
    if len(leaves) == 1:
        return h(b"\x00", leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return h(b"\x01", root_of(leaves[:k]), root_of(leaves[k:]))


def root_from_path(m: int, n: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that an audit path leads to: PATH(m, D[n]) read backwards."""
    if n == 1:
        assert not path
        return leaf
    k = 1
    while k * 2 < n:
        k *= 2
    if m < k:
        return h(b"\x01", root_from_path(m, k, leaf, path[:-1]), path[-1])
    return h(b"\x01", path[-1], root_from_path(m - k, n - k, leaf, path[:-1]))


class Stranger:
    """Somebody with an HTTP client and the log's public key, who trusts nothing else."""

    def __init__(self, http: aiohttp.ClientSession, url: str, vkey: str) -> None:
        self._http = http
        self._url = url
        self._vkey = vkey

    async def checkpoint(self) -> Tree:
        async with self._http.get(f"{self._url}/ledger/checkpoint") as reply:
            return open_note((await reply.read()).decode(), self._vkey)

    async def entries(self, size: int) -> list[bytes]:
        """Every entry, byte for byte."""
        raw: list[bytes] = []
        while len(raw) < size:
            async with self._http.get(f"{self._url}/ledger/entries", params={"from": len(raw)}) as reply:
                page = (await reply.read()).split(b"\n")[:-1]  # one entry a line, its very bytes
            assert page, "the log hides entries"
            raw += page
        return raw[:size]

    async def prove_included(self, kind: str, subject: str) -> dict[str, Any]:
        """Finds the fact in the record and proves it under the signed checkpoint; returns the fact."""
        tree = await self.checkpoint()
        leaves = await self.entries(tree.size)
        assert root_of(leaves) == tree.root, "the entries do not make the signed root"
        facts = [json.loads(leaf) for leaf in leaves]
        index = next(i for i, f in enumerate(facts) if f["kind"] == kind and f["subject"] == subject)
        wanted = {"index": index, "size": tree.size}
        async with self._http.get(f"{self._url}/ledger/proof/inclusion", params=wanted) as reply:
            proof = [bytes.fromhex(node) for node in (await reply.json())["proof"]]
        assert root_from_path(index, tree.size, h(b"\x00", leaves[index]), proof) == tree.root
        return dict(facts[index])

    async def prove_prefix(self, old: Tree) -> Tree:
        """The tree seen before is the beginning of the tree of now."""
        new = await self.checkpoint()
        leaves = await self.entries(new.size)
        assert root_of(leaves[: old.size]) == old.root, "the log rewrote its past"
        assert root_of(leaves) == new.root
        return new

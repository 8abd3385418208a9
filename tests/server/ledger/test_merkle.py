import hashlib
import random

import pytest

from server.ledger import merkle

# Leaves, roots and proofs of the Certificate Transparency reference tests for RFC 6962.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
CT_ROOTS = """
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
"""
CT_INCLUSION = {
    (0, 8): """
96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4""",
    (5, 8): """
bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b
ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
}
CT_CONSISTENCY = {
    (6, 8): """
0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a
ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7""",
    (2, 5): """
5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e
bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b""",
}


# A second implementation, straight from the definitions of RFC 6962, section 2.1, slow and without a cache of nodes.


def mth(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = half(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def half(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = half(len(leaves))
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, whole=True):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = half(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def leaves_of(size):
    return [f"leaf {i}".encode() for i in range(size)]


def tree_of(leaves):
    return merkle.grown(0, [merkle.leaf_hash(leaf) for leaf in leaves], {}.__getitem__)


def hashes(spans, nodes):
    return [merkle.span_hash(span, nodes) for span in spans]


def wrong(proof):
    """Every way of getting a proof slightly wrong."""
    for i in range(len(proof)):
        yield [*proof[:i], bytes([proof[i][0] ^ 1]) + proof[i][1:], *proof[i + 1 :]]
        yield proof[:i] + proof[i + 1 :]
        yield [*proof[:i], proof[i], *proof[i:]]
    yield [*proof, b"\x00" * 32]
    yield [b"\x00" * 32, *proof]


def test_roots_are_those_of_the_reference():
    nodes = tree_of(CT_LEAVES)
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [merkle.span_hash((0, n + 1), nodes).hex() for n in range(8)] == CT_ROOTS.split()


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference(index, size):
    proof = hashes(merkle.inclusion_spans(index, size), tree_of(CT_LEAVES))
    assert [h.hex() for h in proof] == CT_INCLUSION[index, size].split()


@pytest.mark.parametrize(("old", "new"), CT_CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference(old, new):
    proof = hashes(merkle.consistency_spans(old, new), tree_of(CT_LEAVES))
    assert [h.hex() for h in proof] == CT_CONSISTENCY[old, new].split()


@pytest.mark.parametrize("size", range(71))
def test_every_root_and_proof_agrees_with_a_second_implementation(size):
    leaves = leaves_of(size)
    nodes, root = tree_of(leaves), mth(leaves)
    assert merkle.span_hash((0, size), nodes) == root
    for index in range(size):
        proof = hashes(merkle.inclusion_spans(index, size), nodes)
        assert proof == path(index, leaves)
        assert merkle.verify_inclusion(index, size, merkle.leaf_hash(leaves[index]), root, proof)
    for old in range(1, size + 1):
        proof = hashes(merkle.consistency_spans(old, size), nodes)
        assert proof == subproof(old, leaves)
        assert merkle.verify_consistency(old, size, mth(leaves[:old]), root, proof)


def test_bigger_trees_agree_too():
    chance = random.Random(6962)
    for _ in range(8):
        size = chance.randrange(71, 3000)
        leaves, old, index = leaves_of(size), chance.randrange(1, size), chance.randrange(size)
        nodes, root = tree_of(leaves), mth(leaves)
        assert merkle.span_hash((0, size), nodes) == root
        assert hashes(merkle.inclusion_spans(index, size), nodes) == path(index, leaves)
        assert hashes(merkle.consistency_spans(old, size), nodes) == subproof(old, leaves)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
def test_growing_step_by_step_gives_the_tree_of_one_step(step):
    leaves = leaves_of(130)
    nodes = {}
    for size in range(0, len(leaves), step):
        asked, old = [], dict(nodes)
        batch = [merkle.leaf_hash(leaf) for leaf in leaves[size : size + step]]
        new = merkle.grown(size, batch, lambda node, asked=asked, old=old: asked.append(node) or old[node])
        assert set(asked) <= set(merkle.subtrees((0, size)))
        assert not new.keys() & nodes.keys(), "a node never changes once it exists"
        nodes |= new
    assert nodes == tree_of(leaves)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_a_wrong_inclusion_proof_is_refused(size):
    leaves = leaves_of(size)
    nodes, root = tree_of(leaves), mth(leaves)
    for index in range(size):
        leaf, proof = merkle.leaf_hash(leaves[index]), path(index, leaves)
        assert not any(merkle.verify_inclusion(index, size, leaf, root, bad) for bad in wrong(proof))
        others = [i for i in range(-1, size + 2) if i != index]
        assert not any(merkle.verify_inclusion(i, size, leaf, root, proof) for i in others)
        assert not merkle.verify_inclusion(index, size, merkle.leaf_hash(b"forged"), root, proof)
        assert not merkle.verify_inclusion(index, size, leaf, merkle.leaf_hash(b"forged"), proof)
        assert hashes(merkle.inclusion_spans(index, size), nodes) == proof


@pytest.mark.parametrize("size", [2, 3, 7, 8, 13])
def test_a_wrong_consistency_proof_is_refused(size):
    leaves = leaves_of(size)
    root = mth(leaves)
    for old in range(1, size):
        old_root, proof = mth(leaves[:old]), subproof(old, leaves)
        forged = mth([*leaves[: old - 1], b"forged"])
        assert not any(merkle.verify_consistency(old, size, old_root, root, bad) for bad in wrong(proof))
        assert not merkle.verify_consistency(old, size, forged, root, proof)
        assert not merkle.verify_consistency(old, size, old_root, forged, proof)
        assert not merkle.verify_consistency(size, old, root, old_root, proof)
        assert not merkle.verify_consistency(0, size, merkle.EMPTY_ROOT, root, proof)


def test_a_tree_is_consistent_with_itself_by_an_empty_proof():
    root = mth(leaves_of(5))
    assert merkle.verify_consistency(5, 5, root, root, [])
    assert not merkle.verify_consistency(5, 5, root, merkle.EMPTY_ROOT, [])
    assert not merkle.verify_consistency(5, 5, root, root, [root])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_inclusion_proof_exists_outside_the_tree(index, size):
    with pytest.raises(ValueError, match=f"index {index} is not in a tree of {size}"):
        merkle.inclusion_spans(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3)])
def test_no_consistency_proof_leads_backwards_or_from_nothing(old, new):
    with pytest.raises(ValueError, match=f"no consistency proof from {old} to {new}"):
        merkle.consistency_spans(old, new)

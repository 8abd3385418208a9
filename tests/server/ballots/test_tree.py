import hashlib

import pytest

from server.ballots.tree import Tree
from server.ledger.merkle import EMPTY_ROOT, leaf_hash, verify_inclusion
from tests.server.ballots.conftest import merkle_root


@pytest.mark.parametrize("size", [*range(1, 34), 100, 257])
def test_every_path_leads_to_the_root_of_the_rfc(size):
    leaves = [b"%d" % n for n in range(size)]
    tree = Tree([leaf_hash(leaf) for leaf in leaves])
    assert tree.root == merkle_root(leaves)
    for index, leaf in enumerate(leaves):
        assert verify_inclusion(index, size, leaf_hash(leaf), tree.root, tree.path(index))


def test_an_empty_tree_has_the_root_of_nothing_and_no_path():
    assert Tree([]).root == EMPTY_ROOT == hashlib.sha256(b"").digest()
    with pytest.raises(IndexError):
        Tree([]).path(0)

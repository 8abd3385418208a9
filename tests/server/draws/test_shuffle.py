"""The lot against fixed vectors, a second implementation written from its description, and chance."""

import hashlib
import random

import pytest

from server.draws import shuffle

SECRET = bytes(range(32))
CONTEXT = b"7:" + b"ab" * 32
POOL = ["ta_3", "ta_1", "ta_2", "面馆"]


def lot_by_the_book(secret: bytes, ids: list[str], context: bytes) -> list[str]:
    """Written from the numbered sentences of shuffle.py alone, sharing no code with it."""
    pool = hashlib.sha256()
    for raw in sorted(i.encode("utf-8") for i in ids):
        pool.update(raw)
        pool.update(bytes([0x0A]))
    seed = hashlib.sha256()
    for part in (secret, pool.digest(), context):
        seed.update(part)
    ranked = {}
    for i in ids:
        rank = hashlib.sha256(seed.digest())
        rank.update(bytes([0x00]))
        rank.update(i.encode("utf-8"))
        ranked[rank.hexdigest()] = i
    return [ranked[key] for key in sorted(ranked)]


def ranked(secret: bytes, ids: list[str], context: bytes = CONTEXT) -> list[str]:
    return shuffle.ranking(shuffle.seed(secret, shuffle.pool_digest(ids), context), ids)


def test_the_vectors_never_change() -> None:
    digest = shuffle.pool_digest(POOL)
    seed = shuffle.seed(SECRET, digest, CONTEXT)
    assert shuffle.commitment(SECRET).hex() == "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
    assert digest.hex() == "fc12f3a031ecb1fe82c8e13e7dd8c0be0dd12495e538c212bc6d01d936af4c72"
    assert seed.hex() == "a368ae0d78287809913207ee0f58621601acedf6ef9dc4e8cb4f2579f9bc0b99"
    assert shuffle.rank_hash(seed, "ta_1").hex() == "757e1c072826b977cdc7e7c1b089509229666b9e383bd20067f8f2adb9be09e1"
    assert shuffle.ranking(seed, POOL) == ["ta_2", "ta_1", "面馆", "ta_3"]


def test_the_pool_digest_is_that_of_a_file_with_one_id_a_line() -> None:
    assert shuffle.pool_digest(["b", "a"]) == hashlib.sha256(b"a\nb\n").digest()


def test_a_second_implementation_draws_the_same() -> None:
    chance = random.Random(1)
    for size in (1, 2, 3, 17, 500):
        ids = [f"ta_{chance.getrandbits(80):x}" for _ in range(size - 1)] + ["目标"]
        secret, context = chance.randbytes(32), chance.randbytes(size % 70)
        assert ranked(secret, ids, context) == lot_by_the_book(secret, ids, context)


def test_the_order_of_the_pool_does_not_matter() -> None:
    assert ranked(SECRET, POOL) == ranked(SECRET, POOL[::-1])


@pytest.mark.parametrize(
    ("secret", "ids", "context"),
    [
        (bytes(31) + b"\x01", POOL, CONTEXT),
        (SECRET, [*POOL, "ta_4"], CONTEXT),
        (SECRET, POOL, CONTEXT + b"\0"),
    ],
    ids=["another secret", "one more in the pool", "another place in the ledger"],
)
def test_every_input_changes_the_seed(secret: bytes, ids: list[str], context: bytes) -> None:
    before = shuffle.seed(SECRET, shuffle.pool_digest(POOL), CONTEXT)
    assert shuffle.seed(secret, shuffle.pool_digest(ids), context) != before


def test_nobody_is_drawn_twice_and_nobody_is_forgotten() -> None:
    assert sorted(ranked(SECRET, POOL)) == sorted(POOL)


@pytest.mark.parametrize("ids", [["a", "a"], ["a", "b", "a"]])
def test_a_pool_that_names_somebody_twice_is_refused(ids: list[str]) -> None:
    with pytest.raises(ValueError, match="the pool names a member twice"):
        shuffle.pool_digest(ids)


def test_an_empty_pool_is_refused() -> None:
    with pytest.raises(ValueError, match="the pool is empty"):
        shuffle.pool_digest([])


def test_an_id_that_holds_a_line_break_cannot_pass_for_two() -> None:
    with pytest.raises(ValueError, match="a line break"):
        shuffle.pool_digest(["a\nb"])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"a secret has 32 bytes, not {length}"):
        shuffle.commitment(bytes(length))
    with pytest.raises(ValueError, match=f"a secret has 32 bytes, not {length}"):
        shuffle.seed(bytes(length), bytes(32), b"")


def test_a_pool_digest_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a pool digest has 32 bytes, not 31"):
        shuffle.seed(SECRET, bytes(31), b"")


def test_everybody_wins_about_as_often() -> None:
    """Chi-squared over 20,000 draws among 10: below 27.9 in 99.9 % of fair lots. The secrets are fixed, so is it."""
    chance, ids = random.Random(20), [f"ta_{n}" for n in range(10)]
    digest, wins = shuffle.pool_digest(ids), dict.fromkeys(ids, 0)
    for _ in range(20_000):
        wins[shuffle.ranking(shuffle.seed(chance.randbytes(32), digest, b""), ids)[0]] += 1
    assert sum((won - 2000) ** 2 / 2000 for won in wins.values()) < 27.9


def test_the_second_drawn_does_not_depend_on_the_first() -> None:
    """All 90 ordered pairs of 10 in 20,000 draws: chi-squared with 89 degrees of freedom, 99.9 % below 135."""
    chance, ids = random.Random(21), [f"ta_{n}" for n in range(10)]
    digest, pairs = shuffle.pool_digest(ids), dict.fromkeys(((a, b) for a in ids for b in ids if a != b), 0)
    for _ in range(20_000):
        first, second, *_ = shuffle.ranking(shuffle.seed(chance.randbytes(32), digest, b""), ids)
        pairs[first, second] += 1
    fair = 20_000 / 90
    assert sum((seen - fair) ** 2 / fair for seen in pairs.values()) < 135

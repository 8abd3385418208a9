import hashlib

import pytest

from server.draws.pool import Line, Member, freeze, lines_of, salt, tickets_of

SECRET = b"s" * 32
MEMBERS = [Member("ta_1"), Member("ta_2", 8), Member("ta_3", 0, "closed"), Member("ta_4", 1, '{"burden":0}')]


def test_the_file_is_sorted_and_hashes_to_what_is_announced() -> None:
    pool = freeze(MEMBERS, SECRET)
    assert hashlib.sha256(pool.file).hexdigest() == pool.sha256
    assert pool.file.splitlines() == sorted(pool.file.splitlines())
    assert (pool.members, pool.tickets, pool.excluded) == (4, 10, {"closed": 1})
    assert freeze(reversed(MEMBERS), SECRET) == pool


def test_each_line_stands_for_its_member_and_tells_nothing_without_the_salt() -> None:
    pool = freeze(MEMBERS, SECRET)
    by_id = {member.id: member for member in MEMBERS}
    for line, member in zip(lines_of(pool.file), pool.ids, strict=True):
        opened = hashlib.sha256(salt(SECRET, member) + member.encode()).hexdigest()
        assert line == Line(opened, by_id[member].tickets, by_id[member].note)
    assert b"ta_" not in pool.file
    assert freeze(MEMBERS, b"t" * 32).file != pool.file


def test_tickets_are_read_as_they_stand() -> None:
    pool = freeze(MEMBERS, SECRET)
    assert tickets_of(pool.file) == [line.tickets for line in lines_of(pool.file)]


@pytest.mark.parametrize(
    "members", [[Member("a"), Member("a")], [Member("a", -1)], [Member("a", 0)], [Member("a", 1_000_001)]]
)
def test_who_cannot_be_in_a_pool_is_refused(members) -> None:
    with pytest.raises(ValueError, match=r"twice|tickets"):
        freeze(members, SECRET)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"00" * 32 + b" 1",
        b"zz" * 32 + b" 1\n",
        b"00" * 32 + b" 01\n",
        b"00" * 32 + b" 1000001\n",
        b"00" * 32 + b" 1\n" + b"00" * 32 + b" 2\n",
        b"11" * 32 + b" 1\n" + b"00" * 32 + b" 2\n",
        b"00" * 32 + b" 1 \n",
    ],
)
def test_a_file_that_is_not_as_specified_is_refused(file) -> None:
    with pytest.raises(ValueError, match="pool"):
        lines_of(file)

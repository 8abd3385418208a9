import hashlib
from collections import Counter

import pytest

from server.draws import shuffle

KEY = hashlib.sha256(b"a fixed key").digest()


def test_rfc_3797_gives_its_own_example() -> None:
    values = [shuffle.numbers_value(n) for n in ([9319], [2, 5, 12, 8, 10], [9, 18, 26, 34, 41, 45])]
    assert values == ["9319.", "2.5.8.10.12.", "9.18.26.34.41.45."]
    drawn = shuffle.lots_rfc3797(values, [1] * 25, 10)
    assert [position + 1 for position in drawn] == [17, 7, 2, 16, 25, 23, 8, 24, 19, 13]


def test_rfc_3797_leaves_a_fallen_source_out_and_draws_everybody_when_asked() -> None:
    values = ["9319.", shuffle.FALLEN]
    assert shuffle.lots_rfc3797(values, [1] * 25, 5) == shuffle.lots_rfc3797(["9319."], [1] * 25, 5)
    assert sorted(shuffle.lots_rfc3797(["1."], [2, 0, 3, 1], 99)) == [0, 2, 3]


def test_rfc_3797_refuses_what_its_counter_cannot_count() -> None:
    with pytest.raises(ValueError, match="at most 65535 tickets, not 65536"):
        shuffle.lots_rfc3797(["1."], [32768, 32768], 1)


def test_the_lots_are_what_the_text_says() -> None:
    tickets = [3, 0, 1, 5]
    expected, counter = [], 0
    while len(expected) < 3:
        number = int.from_bytes(hashlib.sha256(KEY + counter.to_bytes(8, "big")).digest(), "big") % 9
        position = 0 if number < 3 else 2 if number < 4 else 3
        if position not in expected:
            expected.append(position)
        counter += 1
    assert shuffle.lots(KEY, tickets, 3) == expected
    assert shuffle.lots(KEY, tickets, 2) == expected[:2]


def test_who_has_no_tickets_is_never_drawn_and_everybody_else_at_last() -> None:
    assert sorted(shuffle.lots(KEY, [1, 0, 2, 0, 8], 99)) == [0, 2, 4]


@pytest.mark.parametrize("tickets", [[], [0], [0, 0]])
def test_a_pool_without_tickets_is_refused(tickets) -> None:
    with pytest.raises(ValueError, match="nobody in the pool has a ticket"):
        shuffle.lots(KEY, tickets, 1)


def test_each_ticket_is_as_likely_as_any_other() -> None:
    keys = (hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(3000))
    drawn = Counter(shuffle.lots(key, [1, 2, 3], 1)[0] for key in keys)
    chi_square = sum((drawn[p] - 500 * (p + 1)) ** 2 / (500 * (p + 1)) for p in range(3))
    assert chi_square < 13.8, drawn  # 2 degrees of freedom, one in a thousand; the keys are fixed


def test_the_key_changes_with_everything_that_was_published() -> None:
    keys = {
        shuffle.key("dr_1", "aa", ["1.", "-"]),
        shuffle.key("dr_2", "aa", ["1.", "-"]),
        shuffle.key("dr_1", "ab", ["1.", "-"]),
        shuffle.key("dr_1", "aa", ["-", "1."]),
    }
    assert len(keys) == 4
    text = b"seethrough-draw-v1\ndr_1\naa\n1.\n-\n"
    assert shuffle.key("dr_1", "aa", ["1.", "-"]) == hashlib.sha256(text).digest()


def test_a_commitment_is_bound_to_draw_and_witness() -> None:
    secret = bytes(32)
    one = shuffle.commitment("dr_1", "mark", secret)
    assert one == hashlib.sha256(b"dr_1\0mark\0" + secret).hexdigest()
    assert len({one, shuffle.commitment("dr_2", "mark", secret), shuffle.commitment("dr_1", "other", secret)}) == 3


@pytest.mark.parametrize("numbers", [[], [-1, 2]])
def test_public_numbers_are_whole_and_there(numbers) -> None:
    with pytest.raises(ValueError, match="public numbers"):
        shuffle.numbers_value(numbers)

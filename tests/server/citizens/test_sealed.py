import pytest

from server.citizens.sealed import Sealed


@pytest.fixture
def sealed(clock):
    return Sealed(b"k" * 32, clock, minutes=10)


def test_what_was_sealed_is_opened_again(sealed):
    assert sealed.open(sealed.seal({"state": "s", "after": "/ballots/ba_1?a=b"})) == {
        "state": "s",
        "after": "/ballots/ba_1?a=b",
    }


def test_it_ends(sealed, clock):
    text = sealed.seal({"a": "b"})
    clock.advance(minutes=10)
    assert sealed.open(text) is None


def test_any_changed_character_is_seen(sealed):
    text = sealed.seal({"a": "b"})
    for n, character in enumerate(text):
        assert sealed.open(text[:n] + ("A" if character != "A" else "B") + text[n + 1 :]) is None


@pytest.mark.parametrize("text", ["", ".", "a.b", "é.é", "a" * 5000, "\udcff"])
def test_what_was_not_sealed_is_nothing(sealed, text):
    assert sealed.open(text) is None


def test_another_key_opens_nothing(sealed, clock):
    assert Sealed(b"x" * 32, clock, minutes=10).open(sealed.seal({"a": "b"})) is None

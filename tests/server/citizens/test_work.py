from datetime import UTC, datetime, timedelta

import pytest

from server.citizens.work import ForgedWork, NoWork, OtherWork, StaleWork, Work
from tests.server.citizens.conftest import solved

NOW = datetime(2026, 3, 6, 2, 0, tzinfo=UTC)
DEVICE, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def work():
    return Work(b"k" * 32, most=200, span=timedelta(minutes=20))


@pytest.fixture
def proof(work):
    return solved(work.challenge(DEVICE, "ballot:ba_1", NOW))


def test_the_librarys_solver_finds_what_we_accept(work, proof):
    work.check(DEVICE, "ballot:ba_1", proof, NOW)


def test_the_key_is_found_within_the_numbers_that_were_set():
    for most in (1, 2, 50):
        work = Work(b"k" * 32, most=most, span=timedelta(minutes=20))
        challenge = work.challenge(DEVICE, "x", NOW)
        assert challenge["parameters"]["data"]["most"] == most
        work.check(DEVICE, "x", solved(challenge), NOW)


def test_a_challenge_does_not_contain_its_key(work):
    challenge = work.challenge(DEVICE, "ballot:ba_1", NOW)
    found = solved(challenge).split(".")[2]
    assert found.startswith(challenge["parameters"]["keyPrefix"])
    assert found[len(challenge["parameters"]["keyPrefix"]) :] not in str(challenge)


@pytest.mark.parametrize(("device", "scope"), [(OTHER, "ballot:ba_1"), (DEVICE, "ballot:ba_2"), (DEVICE, "")])
def test_a_proof_replayed_by_another_browser_or_elsewhere_is_refused(work, proof, device, scope):
    with pytest.raises(OtherWork):
        work.check(device, scope, proof, NOW)


def test_a_device_and_a_scope_cannot_be_cut_apart_elsewhere(work):
    proof = solved(work.challenge("aa", "bb", NOW))
    with pytest.raises(OtherWork):
        work.check("a", "abb", proof, NOW)


def test_an_expired_proof_is_refused(work, proof):
    work.check(DEVICE, "ballot:ba_1", proof, NOW + timedelta(minutes=19, seconds=59))
    with pytest.raises(StaleWork):
        work.check(DEVICE, "ballot:ba_1", proof, NOW + timedelta(minutes=20))


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_a_proof_of_which_anything_was_changed_is_forged(work, proof, part):
    parts = proof.split(".")
    parts[part] = parts[part][:-1] + ("0" if parts[part][-1] != "0" else "1")
    with pytest.raises(ForgedWork):
        work.check(DEVICE, "ballot:ba_1", ".".join(parts), NOW)


def test_a_proof_under_another_key_is_forged(work):
    theirs = Work(b"x" * 32, most=10, span=timedelta(minutes=20))
    with pytest.raises(ForgedWork):
        work.check(DEVICE, "ballot:ba_1", solved(theirs.challenge(DEVICE, "ballot:ba_1", NOW)), NOW)


def test_the_prefix_alone_is_no_key(work):
    challenge = work.challenge(DEVICE, "ballot:ba_1", NOW)
    asked = challenge["parameters"]
    lazy = f"{asked['data']['bound']}.{asked['expiresAt']}.{asked['keyPrefix']:0<64}.{challenge['signature']}"
    with pytest.raises(ForgedWork):
        work.check(DEVICE, "ballot:ba_1", lazy, NOW)


@pytest.mark.parametrize("text", ["", "x", "a.b.c.d", "１" * 32 + ".1." + "a" * 64 + "." + "a" * 64, "é", "0" * 10_000])
def test_what_is_no_proof_is_refused_in_words(work, text):
    with pytest.raises(NoWork):
        work.check(DEVICE, "ballot:ba_1", text, NOW)


@pytest.mark.parametrize("change", ["\n", " ", "\0"])
def test_a_proof_with_something_added_is_no_proof(work, proof, change):
    with pytest.raises(NoWork):
        work.check(DEVICE, "ballot:ba_1", proof + change, NOW)

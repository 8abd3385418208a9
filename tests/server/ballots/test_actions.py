import asyncio
import base64
import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.ballots.model import (
    BadBallot,
    BadChoice,
    BadKey,
    BallotClosed,
    BallotVoided,
    BeingCounted,
    NoSuchBallot,
    NoSuchReceipt,
    NotOpenYet,
    TierTooLow,
    TooManyFromHere,
    VotedAlready,
)
from server.citizens.model import Tier, Unidentified
from server.citizens.work import NoWork, OtherWork
from server.kit.errors import Duplicate, NotAllowed
from server.ledger.model import Kind
from tests.makers import open_house
from tests.server.ballots.conftest import (
    OPTIONS,
    Poll,
    check_promise,
    merkle_root,
    recounted,
    rooted,
    together,
)

KEY = "a-key-of-the-voters-browser"


def ledger_key(house):
    blob = base64.b64decode(house.ledger.verifier_key.split("+", 2)[2])
    return Ed25519PublicKey.from_public_bytes(blob[1:])


async def test_opening_is_a_fact_with_all_its_terms(poll):
    (fact,) = await poll.facts()
    assert fact.kind is Kind.BALLOT_OPENED
    assert fact.episode == poll.ballot.episode
    assert fact.body["options"] == list(OPTIONS)
    assert fact.body["rule"] == "most-votes-v1"
    assert sorted(fact.body["tie_break"]) == sorted(OPTIONS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": OPTIONS[:1]},
        {"options": (OPTIONS[0], OPTIONS[0])},
        {"choose": 0},
        {"choose": 4},
        {"tier": Tier.PHONE, "counted_tier": Tier.DEVICE},
    ],
)
async def test_what_cannot_be_a_ballot_is_refused(poll, wrong):
    with pytest.raises(BadBallot):
        await poll.open(**wrong)


async def test_a_ballot_that_closes_before_it_opens_is_refused(poll):
    with pytest.raises(BadBallot):
        await poll.open(closes_at=poll.clock())


async def test_an_episode_has_one_ballot_until_that_is_voided(poll, cast):
    first = poll.ballot
    with pytest.raises(Duplicate):
        await poll.open(episode=first.episode)
    await poll.ballots.void(cast.operator, first.id, "写错了选项")
    poll.clock.advance(seconds=1)
    second = await poll.open(episode=first.episode)
    assert (await poll.ballots.of_episode(first.episode)).id == second.id


async def test_a_vote_brings_a_receipt_that_the_server_has_signed(poll, house):
    receipt, new = await poll.cast(None, OPTIONS[2], OPTIONS[0])
    assert new
    assert receipt.choices == (OPTIONS[0], OPTIONS[2])
    assert len(receipt.code) == 26
    assert receipt.tier is Tier.DEVICE
    check_promise(receipt, ledger_key(house))


async def test_a_hundred_votes_at_once_share_batches_and_every_promise_holds(poll, house):
    answers = await asyncio.gather(*(poll.cast() for _ in range(100)))
    assert len({receipt.code for receipt, _ in answers}) == 100
    for receipt, new in answers:
        assert new
        check_promise(receipt, ledger_key(house))


async def test_the_database_keeps_neither_browser_nor_identity_nor_key(poll):
    voter = poll.voter(Tier.PHONE)
    await poll.cast(voter, key=KEY)
    kept = str(await poll.votes.find({}))
    for secret in (voter.device, voter.identity, KEY, hashlib.sha256(KEY.encode()).hexdigest()):
        assert secret not in kept


async def test_nobody_is_known_by_the_same_name_in_two_ballots(poll):
    voter = poll.voter()
    await poll.cast(voter)
    await poll.open()
    await poll.cast(voter)
    names = [d["_id"].partition("/")[2] for d in await poll.votes.find({})]
    assert len(set(names)) == 2


async def test_the_same_key_brings_the_same_receipt_whatever_is_sent_with_it(poll):
    voter = poll.voter()
    first, _ = await poll.cast(voter, OPTIONS[0], key=KEY)
    again, new = await poll.cast(voter, OPTIONS[1], key=KEY)
    assert not new
    assert replace(again, promise=first.promise) == first


async def test_a_second_vote_is_refused_and_says_when_the_first_was(poll):
    voter = poll.voter()
    await poll.cast(voter)
    poll.clock.advance(minutes=5)
    with pytest.raises(VotedAlready, match=r"2026-03-06 10:00:00.*final"):
        await poll.cast(voter)


async def test_a_key_of_somebody_else_opens_nothing(poll):
    await poll.cast(poll.voter(), key=KEY)
    _, new = await poll.cast(poll.voter(), key=KEY)
    assert new, "a key counts for its voter alone"
    assert len({d["code"] for d in await poll.votes.find({})}) == 2


async def test_a_thousand_requests_of_one_voter_at_once_are_one_vote(poll):
    voter = poll.voter()
    proof = poll.proof(voter)
    answers = await together(*(poll.cast(voter, OPTIONS[n % 3], proof=proof) for n in range(1000)))
    receipts = [a for a in answers if isinstance(a, tuple)]
    assert len(receipts) == 1
    assert all(isinstance(a, VotedAlready) for a in answers if not isinstance(a, tuple))
    assert await poll.votes.count({}) == 1
    assert (await poll.ballots.running(poll.ballot.id))["votes"] == 1


async def test_a_thousand_retries_at_once_get_one_receipt(poll):
    voter = poll.voter()
    proof = poll.proof(voter)
    answers = await asyncio.gather(*(poll.cast(voter, key=KEY, proof=proof) for _ in range(1000)))
    assert len({receipt.code for receipt, _ in answers}) == 1
    assert sum(new for _, new in answers) == 1


async def test_two_tabs_with_keys_of_their_own_are_one_vote(poll):
    voter = poll.voter()
    answers = await together(poll.cast(voter, OPTIONS[0]), poll.cast(voter, OPTIONS[1]))
    assert sorted(isinstance(a, VotedAlready) for a in answers) == [False, True]


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ((), "Nothing is chosen"),
        (OPTIONS, "3 options are chosen; at most 2"),
        ((OPTIONS[0], OPTIONS[0]), "twice"),
        (("ta_nowhere",), "no option"),
    ],
)
async def test_choices_that_the_ballot_does_not_have_are_refused(poll, choices, says):
    voter = poll.voter()
    with pytest.raises(BadChoice, match=says):
        await poll.ballots.cast(voter, "", poll.ballot.id, choices, KEY, poll.proof(voter))


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "a key with spaces ", "k" * 15 + "é"])
async def test_a_key_that_cannot_be_one_is_refused(poll, key):
    with pytest.raises(BadKey):
        await poll.cast(key=key)


async def test_a_vote_without_work_or_with_somebody_elses_is_refused(poll):
    voter = poll.voter()
    with pytest.raises(NoWork):
        await poll.cast(voter, proof="")
    with pytest.raises(OtherWork):
        await poll.cast(voter, proof=poll.proof(poll.voter()))
    with pytest.raises(OtherWork):
        await poll.cast(voter, proof=poll.proof(voter, scope="ballot:ba_other"))


async def test_a_stranger_without_a_cookie_is_refused(poll):
    with pytest.raises(Unidentified):
        await poll.ballots.cast(None, "", poll.ballot.id, OPTIONS[:1], KEY, "")


async def test_a_ballot_that_does_not_exist_is_not_found(poll):
    with pytest.raises(NoSuchBallot):
        await poll.ballots.cast(poll.voter(), "", "ba_nowhere", OPTIONS[:1], KEY, "")


@pytest.mark.parametrize(("tier", "says"), [(Tier.PHONE, "telephone"), (Tier.VERIFIED, "verified")])
async def test_a_tier_too_low_is_told_how_to_reach_the_one_asked_for(poll, tier, says):
    await poll.open(tier=tier, counted_tier=tier)
    with pytest.raises(TierTooLow, match=says):
        await poll.cast(poll.voter(Tier.DEVICE))


async def test_who_voted_by_browser_cannot_vote_again_by_telephone_from_it(poll):
    voter = poll.voter()
    await poll.cast(voter)
    with pytest.raises(VotedAlready, match="browser"):
        await poll.cast(poll.voter(Tier.PHONE, device=voter.device))


async def test_who_voted_by_telephone_cannot_vote_again_by_the_bare_browser(poll):
    voter = poll.voter(Tier.PHONE)
    await poll.cast(voter)
    with pytest.raises(VotedAlready, match="browser"):
        await poll.cast(poll.voter(device=voter.device))
    with pytest.raises(VotedAlready, match="browser"):
        await poll.cast(poll.voter(Tier.PHONE, device=voter.device))


async def test_one_telephone_has_one_vote_in_all_its_browsers_and_costs_the_second_nothing(poll):
    await poll.cast(poll.voter(Tier.PHONE, known_by="13800000000"))
    other = poll.voter(Tier.PHONE, known_by="13800000000")
    with pytest.raises(VotedAlready, match="You voted"):
        await poll.cast(other)
    _, new = await poll.cast(poll.voter(device=other.device))
    assert new


async def test_all_tiers_of_one_browser_at_once_are_one_vote(poll):
    device = secrets.token_hex(16)
    voters = [poll.voter(tier, device=device) for tier in Tier for _ in range(20)]
    answers = await together(*(poll.cast(voter) for voter in voters))
    assert sum(isinstance(a, tuple) for a in answers) == 1
    assert await poll.votes.count({"code": {"$exists": True}}) == 1


async def test_a_server_stopped_between_place_and_vote_keeps_the_voters_right(poll):
    voter = poll.voter(Tier.PHONE)
    vote = (await poll.ballots._take_up(poll.ballot)).named(voter, KEY)
    await poll.votes.insert({"_id": vote.place, "of": vote.name, "at": poll.clock()})
    _, new = await poll.cast(voter, key=KEY)
    assert new


async def test_a_vote_before_the_opening_is_refused_with_the_moment(poll):
    await poll.open(opens_at=poll.clock() + timedelta(minutes=30))
    with pytest.raises(NotOpenYet, match="2026-03-06 10:30:00"):
        await poll.cast()


async def test_a_late_vote_is_refused_with_the_closing_moment(poll):
    poll.clock.at = poll.ballot.closes_at
    with pytest.raises(BallotClosed, match="2026-03-06 11:00:00"):
        await poll.cast()


async def test_a_vote_that_waited_over_the_closing_moment_is_refused(poll):
    voter = poll.voter()
    await poll.ballots.running(poll.ballot.id)
    vote = poll.ballots.checked(voter, "", poll.ballot.id, OPTIONS[:1], KEY, poll.proof(voter))
    answered = asyncio.get_running_loop().create_future()
    poll.ballots.put(vote, lambda said, new: answered.set_result(said))
    poll.clock.at = poll.ballot.closes_at
    assert isinstance(await answered, BallotClosed)
    assert await poll.votes.count({}) == 0


async def test_one_network_has_its_limit_and_others_theirs(database, tmp_path, clock):
    async with open_house(database, tmp_path, clock, votes_per_network=2) as house:
        poll = Poll(house)
        await poll.open()
        for _ in range(2):
            await poll.cast(address="2001:db8::1")
        with pytest.raises(TooManyFromHere, match="60 minutes"):
            await poll.cast(address="2001:db8::2")
        await poll.cast(address="198.51.100.1")
        clock.advance(minutes=59)
        with pytest.raises(TooManyFromHere, match="1 minutes"):
            await poll.cast(address="2001:db8::3")


async def test_the_board_holds_every_vote_and_the_tally_is_recomputable(poll):
    sent = []
    for tier in (Tier.DEVICE, Tier.PHONE, Tier.VERIFIED):
        for n in range(4):
            choices = (OPTIONS[n % 3], OPTIONS[(n + 1) % 3]) if n % 2 else (OPTIONS[n % 3],)
            receipt, _ = await poll.cast(poll.voter(tier), *choices)
            sent.append(f"{receipt.code} {tier.value} {','.join(sorted(choices))}")
    ballot = await poll.close()
    assert poll.board() == sorted(sent)
    counts, order = recounted(poll.board(), OPTIONS, {"device", "phone", "verified"}, ballot.id)
    assert dict(ballot.counted) == counts
    assert list(ballot.result) == order
    assert ballot.votes == 12


async def test_lower_tiers_are_shown_raw_and_do_not_count(poll):
    await poll.open(counted_tier=Tier.PHONE)
    for _ in range(3):
        await poll.cast(poll.voter(), OPTIONS[0])
    await poll.cast(poll.voter(Tier.PHONE), OPTIONS[1])
    ballot = await poll.close()
    assert ballot.raw == {Tier.DEVICE: 3, Tier.PHONE: 1, Tier.VERIFIED: 0}
    assert ballot.by_tier[Tier.DEVICE][OPTIONS[0]] == 3
    assert ballot.counted == {OPTIONS[0]: 0, OPTIONS[1]: 1, OPTIONS[2]: 0}
    assert ballot.result[0] == OPTIONS[1]


async def test_the_closing_fact_commits_to_the_board(poll):
    for _ in range(5):
        await poll.cast()
    ballot = await poll.close()
    fact = (await poll.facts())[-1]
    content = poll.ballots.board_path(ballot).read_bytes()
    assert fact.kind is Kind.BALLOT_CLOSED
    assert fact.body["votes"] == 5
    assert fact.body["board_sha256"] == hashlib.sha256(content).hexdigest()
    assert fact.body["root"] == merkle_root(content.split(b"\n")[:-1]).hex()
    assert fact.body["counted"] == dict(ballot.counted)


async def test_a_ballot_without_votes_closes_too(poll):
    ballot = await poll.close()
    assert ballot.votes == 0
    assert poll.board() == []
    assert ballot.result == ballot.tie_break


async def test_every_receipt_has_its_proof_on_the_board(poll):
    receipts = [(await poll.cast())[0] for _ in range(7)]
    ballot = await poll.close()
    for receipt in receipts:
        proof = await poll.ballots.proof(ballot.id, receipt.code)
        path = [bytes.fromhex(h) for h in proof.proof]
        assert rooted(proof.index, proof.size, proof.line.encode(), path).hex() == ballot.root
    for forged in ("0" * 26, "not a code", "", "../../etc/passwd"):
        with pytest.raises(NoSuchReceipt):
            await poll.ballots.proof(ballot.id, forged)


async def test_there_is_no_board_before_the_closing(poll):
    with pytest.raises(NoSuchBallot):
        poll.ballots.board_path(poll.ballot)
    with pytest.raises(NoSuchBallot):
        await poll.ballots.proof(poll.ballot.id, "0" * 26)


async def test_after_the_closing_the_database_knows_nothing_of_any_vote(poll):
    await poll.cast(poll.voter(Tier.PHONE))
    await poll.cast()
    ballot = await poll.close()
    assert await poll.votes.count({}) == 0
    assert (await poll.ballots.get(ballot.id)).swept_at


async def test_who_asks_again_after_the_closing_gets_the_receipt_that_is_on_the_board(poll, house):
    voter = poll.voter(Tier.VERIFIED)
    first, _ = await poll.cast(voter, key=KEY)
    await poll.close()
    again, new = await poll.cast(voter, key=KEY, proof="expired by now")
    assert not new
    assert (again.code, again.choices, again.tier) == (first.code, first.choices, first.tier)
    check_promise(again, ledger_key(house))
    with pytest.raises(BallotClosed):
        await poll.cast(voter)


async def test_the_hooks_of_other_rooms_run_in_the_closing_transaction(poll):
    seen = []

    async def take(tx, ballot):
        await poll.house.database.collection("taken").insert({"_id": ballot.id, "first": ballot.result[0]}, tx=tx)
        seen.append(ballot.closed_at)

    poll.ballots.on_closed.append(take)
    ballot = await poll.close()
    assert seen == [ballot.closed_at]
    assert await poll.house.database.collection("taken").count({"_id": ballot.id}) == 1


async def test_a_room_that_refuses_the_result_leaves_the_ballot_to_be_closed_again(poll):
    async def refuse(tx, ballot):
        raise BadBallot("not now")

    await poll.cast()
    poll.ballots.on_closed.append(refuse)
    poll.clock.at = poll.ballot.closes_at
    assert await poll.ballots.close_due() == []
    assert (await poll.ballots.get(poll.ballot.id)).closed_at is None
    poll.ballots.on_closed.clear()
    assert (await poll.close()).votes == 1


async def test_votes_of_before_the_close_are_kept_while_it_counts_and_nothing_is_let_in(poll):
    voter = poll.voter()
    await poll.cast(voter, key=KEY)
    poll.clock.at = poll.ballot.closes_at
    with pytest.raises(BeingCounted):
        await poll.cast(voter, key=KEY)
    with pytest.raises(BallotClosed):
        await poll.cast(voter)


async def test_closing_twice_at_once_closes_once(poll):
    for _ in range(20):
        await poll.cast()
    poll.clock.at = poll.ballot.closes_at
    done = await asyncio.gather(*(poll.ballots.close_due() for _ in range(3)))
    assert sum(len(ballots) for ballots in done) == 1
    poll.ballot = await poll.ballots.get(poll.ballot.id)
    assert len(poll.board()) == 20
    assert [f.kind for f in await poll.facts()].count(Kind.BALLOT_CLOSED) == 1


async def test_votes_that_race_with_the_closing_are_on_the_board_or_were_never_acknowledged(poll):
    voters = [poll.voter() for _ in range(300)]
    proofs = [poll.proof(voter) for voter in voters]
    casting = asyncio.gather(
        *(poll.cast(v, proof=p) for v, p in zip(voters, proofs, strict=True)), return_exceptions=True
    )
    while await poll.votes.count({}) == 0:  # noqa: ASYNC110  the database tells nobody of its own accord
        await asyncio.sleep(0)
    await poll.close()
    acknowledged = {a[0].code for a in await casting if isinstance(a, tuple)}
    assert acknowledged
    assert acknowledged <= {line.split(" ")[0] for line in poll.board()}


async def test_voiding_is_public_and_ends_the_voting(poll, cast):
    voter = poll.voter()
    await poll.cast(voter)
    ballot = await poll.ballots.void(cast.operator, poll.ballot.id, "选项有误")
    assert ballot.void_reason == "选项有误"
    with pytest.raises(BallotVoided):
        await poll.cast()
    with pytest.raises(BallotVoided):
        await poll.ballots.void(cast.operator, ballot.id, "again")
    fact = (await poll.facts())[-1]
    assert fact.kind is Kind.BALLOT_VOIDED
    words = f"{ballot.void_salt}\0选项有误".encode()
    assert fact.body["reason_digest"] == hashlib.sha256(words).hexdigest()
    poll.clock.at = ballot.closes_at
    assert await poll.ballots.close_due() == []
    await poll.ballots.sweep()
    assert await poll.votes.count({}) == 0


async def test_only_an_operator_voids(poll, cast):
    for actor in (None, cast.deputy, *cast.inspectors):
        with pytest.raises(NotAllowed):
            await poll.ballots.void(actor, poll.ballot.id, "no")


async def test_a_published_result_cannot_be_voided(poll, cast):
    await poll.close()
    with pytest.raises(BallotClosed):
        await poll.ballots.void(cast.operator, poll.ballot.id, "I do not like it")


async def test_the_running_tally_follows_the_votes_and_survives_a_restart(poll, tmp_path):
    await poll.cast(None, OPTIONS[0])
    await poll.cast(None, OPTIONS[0], OPTIONS[1])
    expected = {"ballot": poll.ballot.id, "counts": dict(zip(OPTIONS, (2, 1, 0), strict=True)), "votes": 2}
    assert await poll.ballots.running(poll.ballot.id) == expected
    assert list(poll.ballots.changed_tallies()) == [(poll.ballot.episode, expected)]
    assert list(poll.ballots.changed_tallies()) == []
    async with open_house(poll.house.database, tmp_path, poll.clock) as again:
        assert await again.ballots.running(poll.ballot.id) == expected


async def test_a_tally_that_is_not_shown_is_not_told(poll):
    await poll.open(show_tally=False)
    await poll.cast()
    assert (await poll.ballots.running(poll.ballot.id))["counts"] == {}
    assert poll.ballot.episode not in dict(poll.ballots.changed_tallies())


async def test_another_server_hears_of_a_voided_ballot(poll, cast, tmp_path):
    async with open_house(poll.house.database, tmp_path, poll.clock) as other:
        await other.ballots.running(poll.ballot.id)
        await poll.ballots.void(cast.operator, poll.ballot.id, "停")
        await poll.ballots.sweep()
        await other.ballots.look()
        voter = poll.voter()
        with pytest.raises(BallotVoided):
            await other.ballots.cast(voter, "", poll.ballot.id, OPTIONS[:1], KEY, poll.proof(voter))


async def test_a_receipt_is_not_given_once_another_server_counts(poll, tmp_path):
    async with open_house(poll.house.database, tmp_path, poll.clock) as other:
        poll.clock.at = poll.ballot.closes_at - timedelta(seconds=30)  # The other server's clock is ahead of ours.
        await poll.ballots.running(poll.ballot.id)
        await other.ballots.store.save(replace(poll.ballot, counting_at=poll.clock()))
        with pytest.raises(BeingCounted):
            await poll.cast()

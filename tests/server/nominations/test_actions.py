import json

import pytest

from server.citizens.limits import OftenEnough
from server.citizens.model import Tier
from server.citizens.work import ForgedWork, NoWork, OtherWork, StaleWork
from server.episodes.model import NoSuchEpisode
from server.kit.errors import Invalid
from server.nominations.model import (
    NoSuchMove,
    NoSuchNomination,
    NotNominating,
    ProposedAlready,
    State,
    SupportedAlready,
)
from server.targets.model import NoSuchTarget
from tests.server.nominations.conftest import ADDRESS, together

SECRET = "秘密的文字"


async def test_a_proposal_is_counted_with_its_proposer_as_first_supporter(square):
    citizen = square.citizen()
    made = await square.propose(citizen, square.targets[0])
    kept = await square.get(made)
    assert (kept.state, kept.supporters, kept.target) == (State.COUNTED, 1, square.targets[0])
    assert kept.released_at is None
    assert (await square.nominations.support(citizen, kept)).proposed
    assert await square.nominations.support(square.citizen(), kept) is None
    assert await square.nominations.support(None, kept) is None


async def test_what_somebody_typed_stands_in_the_ledger_as_a_digest_alone(square):
    made = await square.propose(name=SECRET + "1", place=SECRET + "2", reason=SECRET + "3", look_at=SECRET + "4")
    facts = await square.facts()
    assert SECRET not in "".join(facts)
    fact = json.loads(facts[-1])
    assert (fact["kind"], fact["by"], fact["subject"]) == ("nomination.made", "citizen", made.id)
    assert fact["body"] == {"target": None, "tier": "device", "words_digest": made.words.digest(made.salt)}


async def test_neither_cookie_nor_identity_nor_address_is_kept(square):
    citizen = square.citizen(Tier.PHONE)
    made = await square.propose(citizen, address="203.0.113.99")
    await square.follow(made)
    kept = []
    for name in ("nominations", "nomination_followers", "messages", "ledger_entries", "ledger_pending"):
        kept += [str(d) async for d in square.house.database.collection(name).iterate({})]
    for secret in (citizen.device, citizen.identity, "203.0.113.99"):
        assert secret not in "".join(kept)


async def test_one_person_has_another_name_in_every_episode(square):
    citizen, other = square.citizen(), await square.open("另一期")
    first, second = await square.propose(citizen), await square.propose(citizen, episode=other)
    assert first.by != second.by


async def test_a_described_target_needs_name_and_place_and_every_proposal_a_reason(square):
    for missing in ("name", "place", "reason"):
        with pytest.raises(Invalid) as refused:
            await square.propose(**{missing: " "})
        assert refused.value.where == missing
    with pytest.raises(Invalid, match="at most 500"):
        await square.propose(reason="字" * 501)
    with pytest.raises(NoSuchTarget):
        await square.propose(target="ta_nobody")
    assert await square.store.find(square.episode) == []


async def test_the_words_of_a_registered_target_are_not_taken_from_the_proposer(square):
    made = await square.propose(target=square.targets[0], name="别的名字", place="别处")
    assert (made.words.name, made.words.place) == ("", "")


async def test_only_an_episode_that_nominates_takes_proposals_and_support(square):
    made = await square.propose()
    await square.end_nominating()
    with pytest.raises(NotNominating):
        await square.propose()
    with pytest.raises(NotNominating):
        await square.follow(made)
    with pytest.raises(NoSuchEpisode):
        await square.propose(episode="ep_nobody")


async def test_without_its_own_fresh_work_nothing_is_taken(square):
    citizen, other = square.citizen(), square.citizen()
    good = square.proof(citizen)
    elsewhere = square.proof(citizen, await square.open("另一期"))
    forged = f"{good.split('.')[0]}.{good.split('.')[1]}.{'0' * 64}.{'0' * 64}"
    for who, proof, refusal in (
        (citizen, "gibberish", NoWork),
        (citizen, forged, ForgedWork),
        (citizen, elsewhere, OtherWork),
        (other, good, OtherWork),
    ):
        with pytest.raises(refusal):
            await square.propose(who, proof=proof)
    with pytest.raises(NoWork):
        await square.nominations.propose(
            citizen, ADDRESS, square.episode, target=square.targets[0], reason="x", proof=""
        )
    made = await square.propose(other)
    with pytest.raises(OtherWork):
        await square.nominations.follow(citizen, ADDRESS, made.id, elsewhere)
    square.clock.advance(days=1)
    with pytest.raises(StaleWork):
        await square.propose(citizen, proof=good)
    assert [n.id for n in await square.store.find(square.episode)] == [made.id]


async def test_the_same_person_proposes_a_target_once_even_at_once(square):
    citizen, target = square.citizen(), square.targets[0]
    done = await together(*(square.propose(citizen, target) for _ in range(4)))
    assert sum(isinstance(d, ProposedAlready) for d in done) == 3
    assert await square.store.count(square.episode) == 1
    assert len([f for f in await square.facts() if "nomination.made" in f]) == 1
    await square.propose(citizen, square.targets[1])
    await square.propose(target=target)


async def test_a_person_proposes_so_many_times_a_day_and_is_told_when_again(square):
    citizen = square.citizen()
    for n in range(5):
        await square.propose(citizen, name=f"店{n}")
    with pytest.raises(OftenEnough) as refused:
        await square.propose(citizen, name="店6")
    assert refused.value.retry_after == 24 * 3600
    await square.propose()
    square.clock.advance(hours=24)
    await square.propose(citizen)


async def test_a_network_proposes_so_many_times_a_day(square, monkeypatch):
    monkeypatch.setattr(square.nominations, "_limits", type(square.nominations._limits)(5, 2))
    await square.propose(address="2001:db8::1")
    await square.propose(address="2001:db8::2")
    with pytest.raises(OftenEnough):
        await square.propose(address="2001:db8::3")
    await square.propose(address="2001:db8:0:1::1")


# Support


async def test_support_counts_everybody_once_even_at_once(square):
    made, citizen = await square.propose(), square.citizen()
    done = await together(*(square.follow(made, citizen) for _ in range(4)), square.follow(made))
    assert sum(isinstance(d, SupportedAlready) for d in done) == 3
    assert (await square.get(made)).supporters == 3
    assert len(await square.store.followers(made.id)) == 3


async def test_a_browser_that_is_known_better_now_does_not_count_again(square):
    made, device = await square.propose(), square.citizen()
    phone = square.citizen(Tier.PHONE, device)
    await square.follow(made, device)
    with pytest.raises(SupportedAlready):
        await square.follow(made, phone)
    with pytest.raises(SupportedAlready):
        await square.follow(await square.propose(phone), device)


async def test_two_people_with_telephones_may_share_a_browser(square):
    made, device = await square.propose(), square.citizen()
    await square.follow(made, square.citizen(Tier.PHONE, device, known_by="+8613800000001"))
    await square.follow(made, square.citizen(Tier.PHONE, device, known_by="+8613800000002"))
    assert (await square.get(made)).supporters == 3


async def test_the_proposer_does_not_support_twice_nor_take_the_proposal_back(square):
    citizen = square.citizen()
    made = await square.propose(citizen)
    with pytest.raises(SupportedAlready):
        await square.follow(made, citizen)
    with pytest.raises(SupportedAlready):
        await square.nominations.unfollow(citizen, made.id)
    assert (await square.get(made)).supporters == 1


async def test_support_can_be_taken_back_and_given_again(square):
    made, citizen = await square.propose(), square.citizen()
    await square.follow(made, citizen)
    await together(*(square.nominations.unfollow(citizen, made.id) for _ in range(3)))
    assert (await square.get(made)).supporters == 1
    await square.follow(made, citizen)
    assert (await square.get(made)).supporters == 2


async def test_support_does_not_make_an_operators_desk_stale(square):
    made = await square.propose()
    await square.follow(made)
    assert (await square.get(made)).version == made.version


async def test_what_is_decided_takes_no_support(square):
    made = await square.propose(target=square.targets[0])
    await square.house.database.transact(
        lambda tx: square.nominations.note(tx, square.episode, square.targets[0], State.DRAWN)
    )
    with pytest.raises(NoSuchMove):
        await square.follow(made)
    with pytest.raises(NoSuchNomination):
        await square.nominations.follow(square.citizen(), ADDRESS, "no_nobody", "")


# Other rooms


async def test_the_shortlist_has_each_target_once_and_the_most_supported_first(square):
    few, many = await square.propose(target=square.targets[0]), await square.propose(target=square.targets[1])
    again = await square.propose(target=square.targets[1])
    await square.propose(target=square.targets[2])
    await square.follow(many)
    for nomination in (few, many, again):
        await square.curation.shortlist(square.cast.operator, nomination.id)
    assert await square.nominations.shortlisted(square.episode) == [square.targets[1], square.targets[0]]
    assert await square.nominations.shortlisted("ep_nobody") == []


async def test_what_is_noted_moves_every_nomination_of_the_target_and_tells_its_followers(square):
    target, follower = square.targets[0], square.citizen()
    first, second = await square.propose(target=target), await square.propose(target=target)
    other = await square.propose(target=square.targets[1])
    await square.follow(second, follower)

    transact, note = square.house.database.transact, square.nominations.note
    assert await transact(lambda tx: note(tx, square.episode, target, State.DRAWN)) == 2
    square.clock.advance(days=1)
    assert await transact(lambda tx: note(tx, square.episode, target, State.DRAWN)) == 0
    assert await transact(lambda tx: note(tx, square.episode, target, State.INSPECTED, into="in_1")) == 2
    assert [(await square.get(n)).state for n in (first, second, other)] == [
        State.INSPECTED,
        State.INSPECTED,
        State.COUNTED,
    ]
    assert (await square.get(first)).into == "in_1"
    assert await square.news(follower) == ["nomination.inspected", "nomination.drawn"]


async def test_what_is_noted_falls_with_the_callers_transaction(square):
    target, follower = square.targets[0], square.citizen()
    made = await square.propose(target=target)
    await square.follow(made, follower)

    async def work(tx):
        await square.nominations.note(tx, square.episode, target, State.DRAWN)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await square.house.database.transact(work)
    assert (await square.get(made)).state is State.COUNTED
    assert await square.news(follower) == []
    assert "nomination.moved" not in "".join(await square.facts())


async def test_the_setting_releases_words_at_once_and_says_so_in_the_ledger(square, monkeypatch):
    monkeypatch.setattr(square.nominations, "_release_at_once", True)
    made = await square.propose()
    assert made.released
    assert [json.loads(f)["kind"] for f in await square.facts()][-2:] == ["nomination.made", "nomination.released"]

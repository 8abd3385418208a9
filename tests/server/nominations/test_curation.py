import json

import pytest

from server.kit.errors import ChangedMeanwhile, NotAllowed
from server.nominations.model import (
    BadMerge,
    Code,
    NoSuchMove,
    NoSuchNomination,
    State,
    Unresolved,
    reason_digest,
)
from server.targets.model import NoSuchTarget
from tests.server.nominations.conftest import together

SECRET = "秘密的文字"


@pytest.fixture
def operator(square):
    return square.cast.operator


async def test_nobody_but_an_operator_sorts(square):
    made = await square.propose(target=square.targets[0])
    for who in (None, *square.cast.inspectors, square.cast.deputy):
        for call in (
            square.curation.release(who, made.id),
            square.curation.hide(who, made.id, "x"),
            square.curation.merge(who, made.id, made.id),
            square.curation.exclude(who, made.id, Code.CLOSED),
            square.curation.shortlist(who, made.id),
            square.curation.resolve(who, made.id, square.targets[0]),
        ):
            with pytest.raises(NotAllowed):
                await call
    assert await square.get(made) == made


async def test_released_words_are_public_and_the_ledger_still_holds_none(square, operator):
    made = await square.propose(reason=SECRET)
    released = await square.curation.release(operator, made.id)
    assert released.released
    with pytest.raises(NoSuchMove):
        await square.curation.release(operator, made.id)
    facts = await square.facts()
    assert json.loads(facts[-1])["kind"] == "nomination.released"
    assert SECRET not in "".join(facts)


async def test_words_are_hidden_for_a_public_reason_and_can_be_shown_again(square, operator):
    made = await square.propose()
    await square.curation.release(operator, made.id)
    hidden = await square.curation.hide(operator, made.id, SECRET)
    assert not hidden.released
    assert hidden.hidden_reason == SECRET
    facts = await square.facts()
    assert json.loads(facts[-1])["body"] == {"reason_digest": reason_digest(hidden.hidden_salt, SECRET)}
    assert SECRET not in "".join(facts)
    shown = await square.curation.release(operator, made.id)
    assert shown.released
    assert shown.hidden_reason == ""


async def test_every_change_is_told_to_all_followers(square, operator):
    author, follower = square.citizen(), square.citizen()
    made = await square.propose(author)
    await square.follow(made, follower)
    for change in (
        square.curation.release(operator, made.id),
        square.curation.resolve(operator, made.id, square.targets[0]),
        square.curation.shortlist(operator, made.id),
        square.curation.exclude(operator, made.id, Code.FREQUENCY_CAP),
        square.curation.hide(operator, made.id, "x"),
    ):
        square.clock.advance(minutes=1)
        await change
    told = ["hidden", "excluded", "shortlisted", "resolved", "released"]
    assert await square.news(author) == await square.news(follower) == [f"nomination.{code}" for code in told]


async def test_a_described_one_is_found_in_the_registry_before_it_is_shortlisted(square, operator):
    made = await square.propose()
    with pytest.raises(Unresolved):
        await square.curation.shortlist(operator, made.id)
    with pytest.raises(NoSuchTarget):
        await square.curation.resolve(operator, made.id, "ta_nobody")
    resolved = await square.curation.resolve(operator, made.id, square.targets[0])
    assert (resolved.state, resolved.target, resolved.words) == (State.COUNTED, square.targets[0], made.words)
    body = json.loads((await square.facts())[-1])["body"]
    assert body == {"from": "counted", "to": "counted", "code": "resolved", "into": square.targets[0]}
    with pytest.raises(NoSuchMove):
        await square.curation.resolve(operator, made.id, square.targets[1])
    assert (await square.curation.shortlist(operator, made.id)).state is State.SHORTLISTED


async def test_one_persons_two_names_for_a_target_are_merged_not_resolved_into_two(square, operator):
    citizen = square.citizen()
    plain, described = await square.propose(citizen, square.targets[0]), await square.propose(citizen)
    with pytest.raises(BadMerge, match="Merge the two"):
        await square.curation.resolve(operator, described.id, square.targets[0])
    await square.curation.merge(operator, described.id, plain.id)
    assert (await square.get(plain)).supporters == 1


async def test_an_exclusion_says_why_and_can_be_corrected_in_public(square, operator):
    made = await square.propose(target=square.targets[0])
    excluded = await square.curation.exclude(operator, made.id, Code.OUT_OF_SCOPE)
    assert (excluded.state, excluded.code) == (State.EXCLUDED, "out_of_scope")
    with pytest.raises(NoSuchMove):
        await square.curation.exclude(operator, made.id, Code.CLOSED)
    back = await square.curation.shortlist(operator, made.id)
    assert (back.state, back.code) == (State.SHORTLISTED, None)


# Merging


async def test_a_merged_duplicate_brings_its_supporters_along_each_counted_once(square, operator):
    both, only_one = square.citizen(), square.citizen()
    main, twin = await square.propose(target=square.targets[0]), await square.propose(target=square.targets[0])
    for nomination, citizen in ((main, both), (twin, both), (twin, only_one)):
        await square.follow(nomination, citizen)
    merged = await square.curation.merge(operator, twin.id, main.id)
    assert (merged.state, merged.into) == (State.MERGED, main.id)
    kept = await square.get(main)
    assert kept.supporters == len(await square.store.followers(main.id)) == 4
    square.clock.advance(minutes=1)
    await square.curation.shortlist(operator, main.id)
    assert await square.news(only_one) == ["nomination.shortlisted", "nomination.merged"]
    await square.nominations.unfollow(only_one, main.id)
    assert (await square.get(main)).supporters == 3


async def test_what_was_merged_stays_in_its_proposers_list(square, operator):
    author = square.citizen()
    twin, main = await square.propose(author), await square.propose()
    await square.curation.merge(operator, twin.id, main.id)
    follows = await square.store.follows([square.notifications.inbox(author)], 10)
    assert {(f.nomination, f.proposed) for f in follows} == {(twin.id, True), (main.id, False)}


async def test_nothing_is_merged_in_a_circle_across_episodes_or_into_what_is_not_there(square, operator):
    one, two, three = [await square.propose() for _ in range(3)]
    elsewhere = await square.propose(episode=await square.open("另一期"))
    await square.curation.merge(operator, one.id, two.id)
    await square.curation.merge(operator, two.id, three.id)
    for what, into, refusal in (
        (three, one, BadMerge),
        (three, two, BadMerge),
        (three, three, BadMerge),
        (one, three, NoSuchMove),
        (three, elsewhere, BadMerge),
    ):
        with pytest.raises(refusal):
            await square.curation.merge(operator, what.id, into.id)
    with pytest.raises(NoSuchNomination):
        await square.curation.merge(operator, three.id, "no_nobody")
    assert (await square.get(three)).supporters == 3
    assert (await square.get(three)).state is State.COUNTED


async def test_two_operators_who_merge_two_into_each_other_do_not_lose_both(square, operator):
    for _ in range(5):
        one, two = await square.propose(), await square.propose()
        done = await together(
            square.curation.merge(operator, one.id, two.id), square.curation.merge(operator, two.id, one.id)
        )
        assert sum(isinstance(d, BadMerge | NoSuchMove) for d in done) == 1
        states = {(await square.get(one)).state, (await square.get(two)).state}
        assert states == {State.COUNTED, State.MERGED}


async def test_support_that_comes_while_two_are_merged_is_not_lost(square, operator):
    main, twin = await square.propose(), await square.propose()
    await together(square.curation.merge(operator, twin.id, main.id), *(square.follow(main) for _ in range(4)))
    assert (await square.get(main)).supporters == len(await square.store.followers(main.id)) == 6


# Racing operators


async def test_of_operators_who_saw_the_same_state_one_decides(square, operator):
    made = await square.propose(target=square.targets[0])
    done = await together(
        square.curation.shortlist(operator, made.id, made.version),
        square.curation.exclude(operator, made.id, Code.CLOSED, made.version),
        square.curation.release(operator, made.id, made.version),
    )
    assert sum(isinstance(d, ChangedMeanwhile) for d in done) == 2
    assert (await square.get(made)).version == 1
    assert len([f for f in await square.facts() if made.id in f and "nomination.made" not in f]) == 1


async def test_a_stale_page_changes_nothing(square, operator):
    made = await square.propose(target=square.targets[0])
    await square.curation.release(operator, made.id, made.version)
    with pytest.raises(ChangedMeanwhile):
        await square.curation.exclude(operator, made.id, Code.CLOSED, made.version)
    assert (await square.get(made)).state is State.COUNTED


# Duplicates


async def test_duplicates_are_suggested_from_the_episode_and_from_the_registry(square):
    named = await square.propose(target=square.targets[1])
    twin = await square.propose(target=square.targets[1])
    vague = await square.propose(name="测试面馆1（老店）", place="测试路2号")
    found = await square.curation.suggestions([named, vague])
    assert found[named.id].nominations[0].id == twin.id
    assert found[named.id].targets == []
    assert {s.id for s in found[vague.id].nominations} == {named.id, twin.id}
    assert found[vague.id].targets[0].id == square.targets[1]
    assert await square.curation.suggestions([]) == {}


async def test_nothing_of_another_episode_or_already_decided_is_suggested(square, operator):
    twin = await square.propose(episode=await square.open("另一期"))
    one, two = await square.propose(), await square.propose()
    await square.curation.exclude(operator, two.id, Code.DUPLICATE)
    found = await square.curation.suggestions([one, await square.get(two)])
    assert found[one.id].nominations == []
    assert twin.id not in str(found)
    assert (found[two.id].nominations, found[two.id].targets) == ([], [])

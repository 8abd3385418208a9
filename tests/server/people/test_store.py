import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from server.kit.mongo import Duplicate
from server.people.model import Account, Invitation, Role, Session
from server.people.store import PeopleStore

NOW = datetime(2026, 3, 6, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(database):
    store = PeopleStore(database)
    await store.prepare()
    return store


def account(number, role=Role.INSPECTOR, **more):
    opened = NOW + number * HOUR
    return Account(f"ac_{number}", "王", role, f"login{number}", "hash", b"salt", opened, **more)


async def keep(database, store, *accounts):
    for each in accounts:
        await database.transact(lambda tx, each=each: store.insert_account(each, tx))


def session(number, account_id="ac_1"):
    return Session(f"se_{number}", account_id, f"digest{number}", NOW, NOW + number * HOUR, NOW + HOUR, NOW + HOUR)


async def test_an_account_comes_back_as_it_was_kept(database, store):
    kept = account(1, department="局", certificate="T-001", districts=("east",), categories=("catering", "hotel"))
    await keep(database, store, kept)
    assert await store.account("ac_1") == kept
    assert await store.account_by_login("login1") == kept
    assert await store.account("ac_2") is None


async def test_a_login_belongs_to_one_account(database, store):
    await keep(database, store, account(1))
    with pytest.raises(Duplicate) as told:
        await keep(database, store, Account("ac_2", "李", Role.DEPUTY, "login1", "hash", b"salt", NOW))
    assert told.value.fields == ("login",)


async def test_accounts_come_in_the_order_asked_for(database, store):
    await keep(database, store, account(1), account(2))
    assert [a.id for a in await store.accounts(["ac_2", "ac_9", "ac_1"])] == ["ac_2", "ac_1"]


async def test_those_of_a_role_come_oldest_first_without_the_disabled(database, store):
    await keep(database, store, account(3), account(2), account(1), account(4, Role.DEPUTY))
    assert await store.disable("ac_2", NOW) == 1
    assert await store.disable("ac_2", NOW) == 0
    assert [a.id for a in await store.active(Role.INSPECTOR)] == ["ac_1", "ac_3"]


async def test_sessions_end_one_by_one_and_together(store):
    for number in (1, 2, 3):
        await store.insert_session(session(number))
    await store.insert_session(session(4, "ac_2"))
    assert [s.id for s in await store.sessions("ac_1")] == ["se_3", "se_2", "se_1"]
    assert await store.end_session(id="se_1", account_id="ac_2") == 0
    assert await store.end_session(id="se_1", account_id="ac_1") == 1
    assert await store.end_session(digest="digest2") == 1
    await store.end_sessions("ac_1")
    assert await store.sessions("ac_1") == []
    assert await store.session("digest4") == session(4, "ac_2")


async def test_a_used_session_moves_its_end_and_an_ended_one_does_not_return(store):
    await store.insert_session(session(1))
    await store.touch("digest1", NOW + HOUR, NOW + 2 * HOUR)
    moved = await store.session("digest1")
    assert (moved.seen_at, moved.idle_until) == (NOW + HOUR, NOW + 2 * HOUR)
    await store.end_session(digest="digest1")
    await store.touch("digest1", NOW + HOUR, NOW + 2 * HOUR)
    assert await store.session("digest1") is None


async def test_an_invitation_is_used_up_once(database, store):
    invitation = Invitation("iv_1", "digest", Role.DEPUTY, "李", NOW, NOW + HOUR)
    await store.insert_invitation(invitation)
    assert await store.invitation("digest") == invitation

    def use(at):
        return database.transact(lambda tx: store.use_invitation("digest", at, tx))

    assert await use(NOW + HOUR) == 0
    assert await use(NOW) == 1
    assert await use(NOW) == 0
    assert (await store.invitation("digest")).used_at == NOW


async def test_all_servers_share_the_secret_of_whoever_was_first(store):
    made = await asyncio.gather(*(store.secret("throttle", bytes([n]) * 32) for n in range(8)))
    assert len(set(made)) == 1
    assert len(made[0]) == 32
    assert await store.secret("throttle", b"later") == made[0]

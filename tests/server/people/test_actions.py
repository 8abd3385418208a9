import asyncio
import json

import pytest
from argon2 import PasswordHasher

from server.kit.errors import Invalid, NotAllowed, NotFound, Unavailable
from server.kit.mongo import Database
from server.people.actions import BadInvitation, LoginTaken, People, WrongPassword
from server.people.model import MAY, SYSTEM, BadPassword, Deed, Person, Role, mark_of
from server.people.throttle import TooManyAttempts
from tests.server.people.conftest import PASSWORD, SPANS

HERE = "192.0.2.1"
WRONG = "Login or password is wrong. Please check both."


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.DEPUTY, Role.OPERATOR, Role.BUSINESS])
async def test_an_invitation_opens_an_account_of_its_role(town, role):
    invitation, secret = await town.people.invite(
        SYSTEM, role, " 王小明 ", department="市监局", certificate="T-001", districts=["east"], categories=["catering"]
    )
    assert await town.people.invitation(secret) == invitation
    who = await town.people.accept(secret, "Wang", PASSWORD)
    assert (who.name, who.role, who.login, who.department, who.certificate, who.districts, who.categories) == (
        "王小明",
        role,
        "wang",
        "市监局",
        "T-001",
        frozenset({"east"}),
        frozenset({"catering"}),
    )


async def test_an_account_is_a_fact_that_names_nobody(town):
    who = await town.hire("wang")
    (raw,) = await town.facts()
    fact = json.loads(raw)
    assert fact["kind"] == "account.opened"
    assert fact["body"] == {"role": "inspector"}
    assert fact["subject"] == fact["by"] == who.mark
    assert who.id not in raw
    assert "wang" not in raw
    account = await town.people.store.account(who.id)
    assert who.mark == mark_of(who.id, account.salt)


@pytest.mark.parametrize("role", [r for r in Role if r not in MAY[Deed.INVITE]])
async def test_only_operators_and_the_system_invite(town, role):
    for actor in (Person("ac_1", "王", role, "mark"), None):
        with pytest.raises(NotAllowed):
            await town.people.invite(actor, Role.INSPECTOR, "李")
        with pytest.raises(NotAllowed):
            await town.people.disable(actor, "ac_2")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SYSTEM])
async def test_nobody_is_invited_as_the_system_or_a_viewer(town, role):
    with pytest.raises(Invalid) as told:
        await town.people.invite(SYSTEM, role, "李")
    assert told.value.where == "role"


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
async def test_an_invitation_needs_a_name(town, name):
    with pytest.raises(Invalid) as told:
        await town.people.invite(SYSTEM, Role.DEPUTY, name)
    assert told.value.where == "name"


async def test_an_invitation_works_once_however_many_use_it_at_once(town):
    _, secret = await town.people.invite(SYSTEM, Role.OPERATOR, "王")
    outcomes = await asyncio.gather(
        *(town.people.accept(secret, f"wang{n}", PASSWORD) for n in range(6)), return_exceptions=True
    )
    assert sum(isinstance(o, Person) for o in outcomes) == 1
    assert {type(o) for o in outcomes} == {Person, BadInvitation}
    assert len(await town.people.by_role(Role.OPERATOR)) == 1
    assert len(await town.facts()) == 1
    for again in (town.people.invitation(secret), town.people.accept(secret, "other", PASSWORD)):
        with pytest.raises(BadInvitation):
            await again


async def test_one_login_at_once_by_two_invitations_goes_to_one(town):
    invited = [await town.people.invite(SYSTEM, Role.DEPUTY, "王") for _ in range(4)]
    outcomes = await asyncio.gather(
        *(town.people.accept(secret, "wang", PASSWORD) for _, secret in invited), return_exceptions=True
    )
    assert sorted(type(o).__name__ for o in outcomes) == ["LoginTaken"] * 3 + ["Person"]
    assert len(await town.facts()) == 1


async def test_a_refused_login_or_password_leaves_the_invitation_open(town):
    await town.hire("taken")
    _, secret = await town.people.invite(SYSTEM, Role.DEPUTY, "李")
    for login, password, refusal in (
        ("TAKEN", PASSWORD, LoginTaken),
        ("li", PASSWORD, Invalid),
        ("li.ming", "short", BadPassword),
    ):
        with pytest.raises(refusal):
            await town.people.accept(secret, login, password)
    assert (await town.people.accept(secret, "li.ming", PASSWORD)).name == "李"


async def test_an_invitation_expires(town):
    _, secret = await town.people.invite(SYSTEM, Role.DEPUTY, "李")
    town.clock.advance(hours=71, minutes=59)
    await town.people.invitation(secret)
    town.clock.advance(minutes=1)
    for late in (town.people.invitation(secret), town.people.accept(secret, "li.ming", PASSWORD)):
        with pytest.raises(BadInvitation):
            await late


@pytest.mark.parametrize("secret", ["", "guess", "票", "\udcff"])
async def test_a_guessed_secret_opens_nothing(town, secret):
    assert await town.people.recognise(secret) is None
    await town.people.sign_out(secret)
    with pytest.raises(BadInvitation):
        await town.people.invitation(secret)


async def test_secrets_and_passwords_are_kept_nowhere_as_such(town):
    _, invited = await town.people.invite(SYSTEM, Role.DEPUTY, "王")
    await town.people.accept(invited, "wang", PASSWORD)
    session = await town.signed_in("wang")
    for name in ("accounts", "sessions", "invitations", "sign_in_attempts", "ledger_pending"):
        kept = str(await town.database.collection(name).find({}))
        assert not any(secret in kept for secret in (invited, session, PASSWORD)), name


async def test_signing_in_makes_a_new_session_each_time(town):
    who = await town.hire("wang")
    first, second = await town.signed_in("wang"), await town.signed_in(" WANG ")
    assert first != second
    assert await town.people.recognise(first) == await town.people.recognise(second) == who


async def test_wrong_and_unknown_and_disabled_look_alike(town):
    who = await town.hire("disabled")
    await town.people.disable(SYSTEM, who.id)
    await town.hire("wang")
    tries = (
        ("wang", PASSWORD + "!"),
        ("nobody", PASSWORD),
        ("disabled", PASSWORD),
        ("?", PASSWORD),
        ("wang", "x" * 10**6),
    )
    for login, password in tries:
        with pytest.raises(WrongPassword) as told:
            await town.people.sign_in(login, password, HERE)
        assert (str(told.value), told.value.where) == (WRONG, "password")


async def test_a_pause_refuses_even_the_right_password_until_it_is_over(town):
    await town.hire("wang")
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await town.people.sign_in("wang", "not the password", HERE)
    with pytest.raises(TooManyAttempts):
        await town.people.sign_in("wang", PASSWORD, HERE)
    town.clock.advance(seconds=30)
    await town.signed_in("wang")
    for _ in range(4):
        with pytest.raises(WrongPassword):
            await town.people.sign_in("wang", "not the password", HERE)
    await town.signed_in("wang")


async def test_guesses_at_once_on_two_servers_are_verified_five_times_at_most(town):
    await town.hire("wang")
    other = town.server()
    await other.prepare()
    guesses = [
        server.sign_in("wang", f"guess {n}", f"192.0.2.{n}") for n in range(10) for server in (town.people, other)
    ]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    kinds = [type(o) for o in outcomes]
    assert (kinds.count(WrongPassword), kinds.count(TooManyAttempts)) == (5, 15)


async def test_a_right_password_is_hashed_anew_when_the_parameters_have_changed(town):
    who = await town.hire("wang")
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await town.people.store.set_hash(who.id, old)
    await town.signed_in("wang")
    kept = (await town.people.store.account(who.id)).password_hash
    assert kept != old
    await town.signed_in("wang")
    assert (await town.people.store.account(who.id)).password_hash == kept


async def test_an_unused_session_ends_and_a_used_one_goes_on(town):
    await town.hire("wang")
    used, unused = await town.signed_in("wang"), await town.signed_in("wang")
    for _ in range(3):
        town.clock.advance(hours=11)
        assert await town.people.recognise(used)
    assert await town.people.recognise(unused) is None
    town.clock.advance(hours=12)
    assert await town.people.recognise(used) is None


async def test_every_session_ends_after_thirty_days_remembered_or_not(town):
    await town.hire("wang")
    secret = await town.signed_in("wang")
    for _ in range(30 * 24 // 10 - 1):
        town.clock.advance(hours=10)
        assert await town.people.recognise(secret)
    town.clock.advance(hours=9, minutes=59, seconds=59)
    assert await town.people.recognise(secret)
    town.clock.advance(seconds=1)
    assert await town.people.recognise(secret) is None


async def test_signing_out_ends_one_session_at_once(town):
    who = await town.hire("wang")
    first, second = await town.signed_in("wang"), await town.signed_in("wang")
    await town.people.recognise(first)
    await town.people.sign_out(first)
    assert await town.people.recognise(first) is None
    assert await town.people.recognise(second) == who


async def test_one_revokes_ones_own_sessions_only(town):
    wang, li = await town.hire("wang"), await town.hire("li.ming")
    secret = await town.signed_in("wang")
    (session,) = await town.people.sessions(wang)
    for actor, refusal in ((li, NotFound), (None, NotAllowed)):
        with pytest.raises(refusal):
            await town.people.revoke(actor, session.id)
    assert await town.people.recognise(secret) == wang
    await town.people.revoke(wang, session.id)
    assert await town.people.recognise(secret) is None
    assert await town.people.sessions(wang) == []
    with pytest.raises(NotFound):
        await town.people.revoke(wang, session.id)


async def test_a_revocation_on_another_server_holds_after_two_seconds(town):
    who = await town.hire("wang")
    secret = await town.signed_in("wang")
    other = town.server()
    await other.prepare()
    assert await other.recognise(secret) == who
    await town.people.revoke_all(who.id)
    assert await town.people.recognise(secret) is None
    town.clock.advance(seconds=2)
    assert await other.recognise(secret) is None


async def test_a_look_up_that_a_revocation_overtakes_is_not_remembered(town):
    """The look-up has read the session; before it ends, the session is revoked."""
    who = await town.hire("wang")
    secret = await town.signed_in("wang")
    read = town.people.store.account

    async def meanwhile(account_id):
        await town.people.revoke_all(account_id)
        return await read(account_id)

    town.people.store.account = meanwhile
    assert await town.people.recognise(secret) == who
    assert await town.people.recognise(secret) is None


async def test_a_disabled_account_is_nobody_at_once_and_signs_in_no_more(town):
    who = await town.hire("wang", Role.OPERATOR)
    secret = await town.signed_in("wang")
    await town.people.recognise(secret)
    await town.people.disable(SYSTEM, who.id)
    assert await town.people.recognise(secret) is None
    assert await town.people.recognise(await town.people.begin_session(who.id)) is None
    assert await town.people.by_role(Role.OPERATOR) == []
    assert await town.people.find([who.id]) == [who], "what they did keeps their name"
    with pytest.raises(NotFound):
        await town.people.disable(SYSTEM, who.id)


async def test_people_are_found_in_the_order_asked_for(town):
    wang, li = await town.hire("wang"), await town.hire("li.ming")
    assert await town.people.find([li.id, "ac_gone", wang.id]) == [li, wang]
    assert await town.people.by_role(Role.INSPECTOR) == [wang, li]


async def test_without_a_database_a_session_is_believed_for_two_seconds_and_then_unavailable(town):
    await town.hire("wang")
    secret = await town.signed_in("wang")
    assert await town.people.recognise(secret)
    lost = Database.connect("mongodb://127.0.0.1:1/?directConnection=true", "lost")
    town.people.store = People(lost, town.ledger, town.clock, spans=SPANS, attempts=5).store
    town.clock.advance(seconds=1)
    assert await town.people.recognise(secret)
    town.clock.advance(seconds=1)
    with pytest.raises(Unavailable):
        await town.people.recognise(secret)
    await lost.close()


async def test_what_is_remembered_stays_bounded(town, monkeypatch):
    monkeypatch.setattr("server.people.actions.MOST_REMEMBERED", 3)
    await town.hire("wang")
    for _ in range(7):
        assert await town.people.recognise(await town.signed_in("wang"))
        assert len(town.people._remembered) <= 3

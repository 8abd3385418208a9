import asyncio
import re

import pytest

from server.citizens.limits import OftenEnough
from server.citizens.model import Citizen, Tier
from server.citizens.phones import BadCode, BadNumber, CodeOver, KnownBetter, NoTelephone, Phones, normal_number
from server.citizens.senders import NotSent
from server.citizens.work import NoWork, OtherWork
from tests.server.citizens.conftest import solved

NUMBER = "138 0013 8000"
ADDRESS = "192.0.2.1"


class Telephone:
    """What arrives by SMS."""

    def __init__(self):
        self.messages = []
        self.away = False

    async def send(self, to, text):
        if self.away:
            raise NotSent("away", retry_after=60)
        self.messages.append((to, text))

    @property
    def code(self):
        return re.search(r"\d{6}", self.messages[-1][1]).group()

    @property
    def wrong(self):
        return f"{(int(self.code) + 1) % 10**6:06}"


@pytest.fixture
def telephone():
    return Telephone()


@pytest.fixture
async def phones(database, clock, citizens, telephone):
    phones = Phones(database, clock, citizens, telephone, per_number=3, per_network=5, countries=("86", "852"))
    await phones.prepare()
    return phones


@pytest.fixture
def me(citizens):
    return citizens.new_device()[0]


async def ask(phones, citizens, who, number=NUMBER, address=ADDRESS):
    await phones.send(who, number, solved(citizens.challenge(who, "phone")), address, str)


@pytest.mark.parametrize(
    "text",
    [
        "13800138000", "138 0013 8000", "138-0013-8000", "+86 138 0013 8000", "0086 13800138000", "8613800138000",
        "１３８００１３８０００", "(+86) 138.0013.8000",
    ],
)  # fmt: skip
def test_one_number_written_in_many_ways_is_one_number(text):
    assert normal_number(text, ("86",)) == "+8613800138000"


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "12345", "12800138000", "+86 010 12345678", "+1", "+" * 20, "abc", "138001380001", "+0123456789",
        "+86138001380001",
    ],
)  # fmt: skip
def test_what_is_no_mobile_number_is_refused(text):
    with pytest.raises(BadNumber):
        normal_number(text, ("86", "852"))


def test_no_codes_go_to_countries_that_were_not_chosen():
    assert normal_number("+852 6123 4567", ("86", "852")) == "+85261234567"
    with pytest.raises(BadNumber, match="country"):
        normal_number("+882 13 300 655", ("86", "852"))


async def test_whoever_types_the_code_is_known_by_the_number(phones, citizens, telephone, me):
    await ask(phones, citizens, me)
    assert telephone.messages[-1][0] == "+8613800138000"
    known = await phones.confirm(me, telephone.code)
    assert known == Citizen(me.device, Tier.PHONE, citizens.identity(Tier.PHONE, "+8613800138000"))
    assert not await phones.waits(me)


async def test_two_browsers_with_one_number_are_one_citizen(phones, citizens, telephone, me):
    other = citizens.new_device()[0]
    identities = set()
    for who in (me, other):
        await ask(phones, citizens, who)
        identities.add((await phones.confirm(who, telephone.code)).identity)
    assert len(identities) == 1


async def test_after_five_wrong_codes_the_right_one_is_refused_too(phones, citizens, telephone, me):
    await ask(phones, citizens, me)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(BadCode, match=f"left: {left}"):
            await phones.confirm(me, telephone.wrong)
    with pytest.raises(CodeOver):
        await phones.confirm(me, telephone.code)


async def test_guesses_at_once_do_not_outrun_the_count(phones, citizens, telephone, me):
    await ask(phones, citizens, me)
    guesses = [f"{(int(telephone.code) + n) % 10**6:06}" for n in range(1, 60)]
    outcomes = await asyncio.gather(*(phones.confirm(me, guess) for guess in guesses), return_exceptions=True)
    assert sum(isinstance(outcome, BadCode) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, CodeOver) for outcome in outcomes) == 54


async def test_a_code_works_once_even_when_it_is_typed_twice_at_once(phones, citizens, telephone, me):
    await ask(phones, citizens, me)
    outcomes = await asyncio.gather(*(phones.confirm(me, telephone.code) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(outcome, Citizen) for outcome in outcomes) == 1


async def test_a_second_code_ends_the_first(phones, citizens, telephone, me):
    await ask(phones, citizens, me)
    first = telephone.code
    await ask(phones, citizens, me)
    if first != telephone.code:
        with pytest.raises(BadCode):
            await phones.confirm(me, first)
    assert (await phones.confirm(me, telephone.code)).tier is Tier.PHONE


async def test_a_code_is_no_use_in_another_browser(phones, citizens, telephone, me):
    await ask(phones, citizens, me)
    with pytest.raises(CodeOver):
        await phones.confirm(citizens.new_device()[0], telephone.code)


async def test_a_code_ends_after_ten_minutes(phones, citizens, telephone, clock, me):
    await ask(phones, citizens, me)
    clock.advance(minutes=9, seconds=59)
    assert await phones.waits(me)
    clock.advance(seconds=1)
    assert not await phones.waits(me)
    with pytest.raises(CodeOver):
        await phones.confirm(me, telephone.code)


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "", "12 34"])
async def test_what_is_no_code_costs_no_try(phones, citizens, telephone, me, code):
    await ask(phones, citizens, me)
    for _ in range(6):
        with pytest.raises(BadCode):
            await phones.confirm(me, code)
    await phones.confirm(me, f" {telephone.code[:3]} {telephone.code[3:]} ")


async def test_no_code_is_sent_without_work_of_this_browser_for_this(phones, citizens, telephone, me):
    other = citizens.new_device()[0]
    with pytest.raises(NoWork):
        await phones.send(me, NUMBER, "", ADDRESS, str)
    for proof in (solved(citizens.challenge(other, "phone")), solved(citizens.challenge(me, "ballot:ba_1"))):
        with pytest.raises(OtherWork):
            await phones.send(me, NUMBER, proof, ADDRESS, str)
    assert telephone.messages == []


async def test_one_number_gets_so_many_codes_a_day_whoever_asks(phones, citizens, telephone, clock):
    for n in range(3):
        await ask(phones, citizens, citizens.new_device()[0], address=f"192.0.2.{n}")
    with pytest.raises(OftenEnough):
        await ask(phones, citizens, citizens.new_device()[0], "+86 138 0013 8000", address="192.0.2.9")
    clock.advance(hours=24)
    await ask(phones, citizens, citizens.new_device()[0])
    assert len(telephone.messages) == 4


async def test_one_network_asks_for_so_many_codes_an_hour(phones, citizens, telephone):
    for n in range(5):
        await ask(phones, citizens, citizens.new_device()[0], f"1380013800{n}")
    with pytest.raises(OftenEnough):
        await ask(phones, citizens, citizens.new_device()[0], "13800138009")
    await ask(phones, citizens, citizens.new_device()[0], "13800138009", address="192.0.2.2")


async def test_a_code_that_could_not_be_sent_does_not_wait(phones, citizens, telephone, me):
    telephone.away = True
    with pytest.raises(NotSent):
        await ask(phones, citizens, me)
    assert not await phones.waits(me)


async def test_neither_number_nor_code_nor_device_is_kept(phones, citizens, telephone, me, database):
    await ask(phones, citizens, me)
    kept = str(await database.collection("citizen_codes").find({}))
    kept += str(await database.collection("citizen_counts").find({}))
    for secret in ("13800138000", telephone.code, me.device, me.identity):
        assert secret not in kept


async def test_without_a_gateway_there_is_no_telephone_tier(database, clock, citizens, me):
    phones = Phones(database, clock, citizens, None, per_number=3, per_network=5, countries=("86",))
    assert not phones.on
    with pytest.raises(NoTelephone):
        await ask(phones, citizens, me)


async def test_a_verified_citizen_is_not_made_less_well_known(phones, citizens, me):
    with pytest.raises(KnownBetter):
        await ask(phones, citizens, Citizen(me.device, Tier.VERIFIED, me.identity))

"""How the demo's city chooses: proposals, a ballot with votes in it, and a draw that performs while one looks on."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from server.ballots.model import Ballot
from server.citizens.model import Citizen, Tier
from server.draws.model import Draw
from server.draws.plan import Asked
from server.draws.shuffle import commitment
from server.episodes.lifecycle import Method, Phase
from server.episodes.model import Episode
from server.episodes.voting import Terms
from server.house import House
from server.people.model import Person

REASONS = (
    "孩子常在这里吃午饭，想看看后厨。",
    "外卖销量高，没见过门店里面什么样。",
    "上个月路过闻到异味，希望查一查。",
    "听说换了供货商，想知道进货查验怎么做。",
    "门口卫生不错，想看看里面是不是一样。",
    "老人食堂，关系到很多老人。",
)
LOOK_AT = ("冷藏温度", "进货凭证", "餐具消毒", "生熟分开", "虫害防治", "健康证明")
VOTES = 40
CEREMONY_MINUTES = 1.5


def solved(challenge: Mapping[str, Any]) -> str:
    """The work that a browser does for a challenge, done here (docs/decisions/0007)."""
    asked = challenge["parameters"]
    start = bytes.fromhex(asked["salt"]) + bytes.fromhex(asked["nonce"])
    for number in range(asked["data"]["most"] + 1):
        found = hashlib.sha256(start + number.to_bytes(4, "big")).hexdigest()
        if found.startswith(asked["keyPrefix"]):
            return f"{asked['data']['bound']}.{asked['expiresAt']}.{found}.{challenge['signature']}"
    raise ValueError("this challenge has no solution")


def somebody(tier: Tier = Tier.DEVICE) -> Citizen:
    """A made-up citizen; nobody real stands behind them."""
    device = secrets.token_hex(16)
    return Citizen(device, tier, device if tier is Tier.DEVICE else secrets.token_hex(32))


async def propose(house: House, operator: Person, episode: Episode, count: int, *, shortlist: bool) -> None:
    """Citizens propose registered targets; the operator releases their words, and shortlists them where asked."""
    candidates = await house.targets.candidates(category="catering")
    for number, candidate in enumerate(candidates[:: max(1, len(candidates) // count)][:count]):
        who = somebody()
        proof = await asyncio.to_thread(solved, house.citizens.challenge(who, f"nominate:{episode.id}"))
        words = {"look_at": LOOK_AT[number % len(LOOK_AT)], "reason": REASONS[number % len(REASONS)]}
        address = f"2001:db8:{number:x}::1"
        made = await house.nominations.propose(who, address, episode.id, target=candidate.id, proof=proof, **words)
        if number % 3 != 2 or shortlist:
            await house.curation.release(operator, made.id)
        if shortlist:
            await house.curation.shortlist(operator, made.id)


async def open_nominations(house: House, operator: Person) -> Episode:
    """An episode that takes proposals now."""
    start = house.clock()
    moments = {
        Phase.NOMINATING.value: start,
        Phase.VOTING.value: start + timedelta(days=2),
        Phase.LIVE.value: start + timedelta(days=5),
    }
    episode = await house.episodes.create(operator, title="校园周边餐饮由你选", method=Method.VOTE, plan=moments)
    moved = await house.episodes.advance(operator, episode.id, Phase.NOMINATING)
    await propose(house, operator, moved, 5, shortlist=False)
    return moved


async def open_ballot(house: House, operator: Person) -> Ballot:
    """An episode whose ballot is open, with votes in it."""
    start = house.clock()
    moments = {Phase.VOTING.value: start, Phase.LIVE.value: start + timedelta(days=3)}
    episode = await house.episodes.create(
        operator, title="夜宵摊档大家投", method=Method.SHORTLIST, plan=moments, category="catering"
    )
    await house.episodes.advance(operator, episode.id, Phase.NOMINATING)
    await propose(house, operator, episode, 6, shortlist=True)
    terms = Terms(choose=2, closes_at=start + timedelta(days=1))
    ballot = await house.voting.open(operator, episode.id, terms)
    await asyncio.gather(*(vote(house, ballot, number) for number in range(VOTES)))
    return ballot


async def vote(house: House, ballot: Ballot, number: int) -> None:
    """One citizen votes, as a browser would."""
    who = somebody(Tier.PHONE if number % 4 == 0 else Tier.DEVICE)
    proof = await asyncio.to_thread(solved, house.citizens.challenge(who, f"ballot:{ballot.id}"))
    first = min(secrets.randbelow(len(ballot.options)), secrets.randbelow(len(ballot.options)))
    choices = {ballot.options[first], ballot.options[(first + 1 + number % 3) % len(ballot.options)]}
    address = f"2001:db8:{number:x}::2"
    await house.ballots.cast(who, address, ballot.id, sorted(choices), secrets.token_hex(16), proof)


async def announce_ceremony(house: House, operator: Person) -> Draw:
    """A draw whose witnesses seal now and open in a minute and a half: there is time to open its page and look on."""
    moments = {Phase.LIVE.value: house.clock() + timedelta(days=1)}
    episode = await house.episodes.create(
        operator, title="药店与便利店突击查", method=Method.DRAW, plan=moments, category="catering"
    )
    asked = Asked(beacon=False, wanted=3, commit_minutes=CEREMONY_MINUTES, reveal_minutes=CEREMONY_MINUTES)
    return await house.choosing.announce(operator, episode.id, asked)


async def witness(house: House, draw: Draw, deputies: Sequence[Person]) -> None:
    """The demo's deputies seal at once, and open one after the other when it is time."""
    sealed = {deputy: secrets.token_bytes(32) for deputy in deputies}
    for deputy, secret in sealed.items():
        await house.sources.witness(deputy, draw.id, commitment(draw.id, deputy.mark, secret))
    assert draw.ceremony is not None
    assert draw.ceremony.commit_until is not None
    await asyncio.sleep(max(0.0, (draw.ceremony.commit_until - house.clock()).total_seconds()) + 1)
    for deputy, secret in sealed.items():
        await house.sources.reveal(deputy, draw.id, secret.hex())
        await asyncio.sleep(3)

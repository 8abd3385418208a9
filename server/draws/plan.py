"""What an operator asks of a draw, and the sources that come of it. No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.draws.beacon import Chain
from server.draws.model import Algorithm, BadSource, Source, SourceKind

MARGIN = timedelta(seconds=10)
"""Between the last secret opened and the beacon's round: clocks differ a little."""
MAX_WAIT = timedelta(days=60)


@dataclass(frozen=True)
class Asked:
    """The sources asked for. Without minutes no ceremony, without a name no public numbers."""

    algorithm: Algorithm = Algorithm.SHA256
    wanted: int = 1
    beacon: bool = True
    commit_minutes: float = 0
    reveal_minutes: float = 0
    numbers_name: str = ""
    numbers_due: datetime | None = None


def sources_of(asked: Asked, chain: Chain, now: datetime, lead: timedelta) -> tuple[Source, ...]:
    """The sources in the order in which they count: ceremony, numbers, beacon."""
    sources: list[Source] = []
    after = now + lead + timedelta(seconds=1)
    if asked.commit_minutes > 0:
        commit_until = max(after, now + timedelta(minutes=asked.commit_minutes))
        after = commit_until + timedelta(minutes=max(asked.reveal_minutes, 0.1))
        _check_near(after, now, "ceremony")
        sources.append(Source(SourceKind.CEREMONY, after, commit_until=commit_until))
        after += MARGIN
    if asked.numbers_name:
        if asked.numbers_due is None:
            raise BadSource("Say when the public numbers will be drawn.", where="numbers_due")
        _check_near(asked.numbers_due, now, "numbers_due")
        sources.append(Source(SourceKind.NUMBERS, asked.numbers_due, name=asked.numbers_name))
    if asked.beacon:
        number = chain.round_from(after)
        sources.append(Source(SourceKind.BEACON, chain.at(number), chain=chain.hash, round=number))
    return tuple(sources)


def _check_near(moment: datetime, now: datetime, where: str) -> None:
    if moment > now + MAX_WAIT:
        raise BadSource("A draw waits at most {days} days for its sources.", where=where, days=MAX_WAIT.days)

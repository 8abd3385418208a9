"""The facts of a draw's pages: what their templates and JSON twins are given. Hashes are hex."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from server.viewing.ballot_facts import BallotView
from server.viewing.views import EpisodeCard, InspectorView, TargetCard


@dataclass(frozen=True)
class SourceView:
    """A source. `out_at` is when anybody may first know it; `value` is None until it is in, `missing` are names."""

    number: int
    kind: str
    out_at: datetime
    chain: str
    round: int
    name: str
    commit_until: datetime | None
    draw_url: str | None
    value: str | None
    fell: bool
    proof: str
    missing: Sequence[str]
    decided_at: datetime | None


@dataclass(frozen=True)
class WitnessView:
    """A deputy who adds randomness; `opening` is the secret once it is opened."""

    mark: str
    name: str
    commitment: str
    committed_at: datetime
    opening: str | None
    revealed_at: datetime | None
    is_missing: bool


@dataclass(frozen=True)
class LotView:
    """One on whom a lot fell, and the line of the pool that they stand behind."""

    id: str
    name: str
    url: str | None
    pseudonym: str


@dataclass(frozen=True)
class RecusalView:
    """Somebody stepped back, and the next in the drawn order moved up; `index` is the ledger's."""

    at: datetime
    index: int
    name: str
    successor: str


@dataclass(frozen=True)
class ChainView:
    """The beacon that draws here wait for."""

    hash: str
    key: str
    genesis: int
    period: int


@dataclass(frozen=True)
class PlaceView:
    """What a draw of inspectors is walked down with."""

    category: str
    district: str


@dataclass(frozen=True)
class OtherDraw:
    """The entries of a draw that this one takes its key from."""

    id: str
    announcement: str
    facts: Sequence[str]


@dataclass(frozen=True)
class Attempt:
    """The same draw, announced before or after this one."""

    attempt: int
    url: str


@dataclass(frozen=True)
class DrawPage:
    """Facts of draws/draw.html, and all that a verifier needs but the pool (docs/verify.md, section 9).

    `standing` is `sealing`, `opening`, `awaited`, `drawn` or `void`; `next_at` the moment that is waited for.
    `weights` maps tickets to how many lines have them. `events_from` is the last ledger index that the page shows.
    """

    id: str
    of: str
    attempt: int
    episode: EpisodeCard
    standing: str
    next_at: datetime | None
    now: datetime
    announced_at: datetime
    index: int | None
    pool_sha256: str
    pool_url: str
    members: int
    tickets: int
    weights: Mapping[int, int]
    excluded: Mapping[str, int]
    wanted: int
    algorithm: str
    filter: Mapping[str, str]
    sources: Sequence[SourceView]
    witnesses: Sequence[WitnessView]
    key: str | None
    drawn: Sequence[LotView]
    drawn_at: datetime | None
    recusals: Sequence[RecusalView]
    voided_at: datetime | None
    void_code: str
    void_reason: str
    missing: Sequence[str]
    before: Attempt | None
    after: Attempt | None
    announcement: str
    facts: Sequence[str]
    other_draws: Sequence[OtherDraw]
    place: PlaceView | None
    chain: ChainView
    events_from: int


@dataclass(frozen=True)
class WitnessPage:
    """Facts of draws/witness.html: what the deputy did, may do now, and until when.

    `step` is `seal`, `wait`, `open`, `done`, `missed` (sealed and not opened), `late` (not sealed) or `over`.
    """

    id: str
    of: str
    episode: EpisodeCard
    step: str
    mark: str
    commitment: str | None
    commit_until: datetime
    reveal_until: datetime
    now: datetime
    sealed: int
    opened: int
    url: str
    events_from: int


@dataclass(frozen=True)
class Duty:
    """A draw on a deputy's desk."""

    id: str
    of: str
    episode: EpisodeCard
    step: str
    commit_until: datetime
    reveal_until: datetime
    url: str


@dataclass(frozen=True)
class DeputyPage:
    """Facts of draws/deputy.html."""

    duties: Sequence[Duty]
    now: datetime


@dataclass(frozen=True)
class NominationSummary:
    """What citizens proposed for an episode: `supporters` are those of its target, `excluded` counts by code."""

    count: int
    targets: int
    supporters: int
    shortlisted: int
    excluded: Mapping[str, int]
    url: str


@dataclass(frozen=True)
class TargetVotes:
    """How the target did in the ballot: votes that count, its place among the options, all votes."""

    votes: int
    place: int
    options: int
    all_votes: int


@dataclass(frozen=True)
class DrawSummary:
    """A draw in a line or two; `sources` are kinds."""

    of: str
    attempt: int
    standing: str
    members: int
    tickets: int
    sources: Sequence[str]
    drawn_at: datetime | None
    url: str


@dataclass(frozen=True)
class WhyPage:
    """Facts of draws/why.html. `excluded` counts those left out of the draw of the target by reason code."""

    episode: EpisodeCard
    target: TargetCard | None
    nominations: NominationSummary
    ballot: BallotView | None
    votes: TargetVotes | None
    draws: Sequence[DrawSummary]
    excluded: Mapping[str, int]
    cap: int
    interval_days: int
    team: Sequence[InspectorView]
    recusals: Sequence[RecusalView]


@dataclass(frozen=True)
class TypedIn:
    """A source that an operator may type in, once it `is_out`."""

    number: int
    kind: str
    name: str
    round: int
    chain: str
    out_at: datetime
    is_out: bool


@dataclass(frozen=True)
class OpenDraw:
    """A draw on the operator's page of its episode."""

    id: str
    of: str
    standing: str
    waiting: Sequence[TypedIn]
    may_void: bool
    url: str


@dataclass(frozen=True)
class Member:
    """One of the team, by the mark that the public record has."""

    mark: str
    name: str

"""What viewers are shown: the shapes that pages, their JSON twins and live events share.

Nothing here holds a grade, a login or an account id; ids of public nouns and names of officers on duty are public.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class EpisodeCard:
    """An episode in a list."""

    id: str
    number: int
    title: str
    phase: str
    method: str
    district: str
    category: str
    live_at: datetime | None
    target_name: str | None
    target_id: str | None
    watching: int
    findings: int
    fails: int
    open_rectifications: int
    reason: str | None
    url: str


@dataclass(frozen=True)
class TargetCard:
    """A target in a list."""

    id: str
    name: str
    address: str
    district: str
    category: str
    inspections: int
    last_inspected_on: date | None
    url: str


@dataclass(frozen=True)
class PhotoView:
    """A photo of a finding; `sha256` is that of the file at `url`."""

    sha256: str
    url: str
    width: int
    height: int


@dataclass(frozen=True)
class FindingView:
    """A finding with the rule it is about in plain words."""

    id: str
    index: int | None
    item_code: str
    item_title: str
    legal_basis: str
    plain_words: str
    item_title_en: str
    plain_words_en: str
    result: str
    severity: str
    words: str
    photos: Sequence[PhotoView]
    by_name: str
    at: datetime
    media_at: datetime | None
    withdrawn: bool
    withdrawn_reason: str | None
    rectification_url: str | None
    episode_id: str
    inspection_id: str
    url: str


@dataclass(frozen=True)
class ItemView:
    """An item of the checklist and what it came to."""

    code: str
    title: str
    title_en: str
    legal_basis: str
    look_for: str
    look_for_en: str
    severity: str
    plain_words: str
    plain_words_en: str
    result: str | None = None


@dataclass(frozen=True)
class RectificationCard:
    """A rectification in a list; `days_left` counts calendar days to `due_on`, negative when late."""

    id: str
    what: str
    what_en: str
    target_name: str
    target_id: str
    district: str
    state: str
    ordered_at: datetime
    due_on: date
    days_left: int
    overdue: bool
    severity: str
    objections_until: datetime | None
    url: str


@dataclass(frozen=True)
class StepView:
    """A line of a rectification's timeline."""

    at: datetime
    before: str | None
    to: str
    words: str
    by_role: str


@dataclass(frozen=True)
class MoveView:
    """A step that whoever looks may take now."""

    to: str
    needs_words: bool


@dataclass(frozen=True)
class InspectorView:
    """An officer on duty: name, department and certificate are public while they inspect."""

    name: str
    department: str
    certificate: str


@dataclass(frozen=True)
class Invitation:
    """What anybody may take part in now: `kind` is propose, vote or watch_draw; `until`: when it ends, if known."""

    kind: str
    number: int
    title: str
    url: str
    until: datetime | None


@dataclass(frozen=True)
class PlanLine:
    """A phase in an episode's course: when it was announced, when it came; `held` until an operator lets it go on."""

    phase: str
    at: datetime | None
    done: bool
    now: bool
    held: bool = False


@dataclass(frozen=True)
class GateLine:
    """A line of the legality gate."""

    code: str
    ok: bool


@dataclass(frozen=True)
class SummaryView:
    """How far an inspection is."""

    checked: int
    passed: int
    failed: int
    total: int


@dataclass(frozen=True)
class Tally:
    """Everything so far, in numbers."""

    episodes: int
    targets: int
    findings: int
    fails: int
    open: int
    closed: int
    overdue: int


@dataclass(frozen=True)
class CheckpointView:
    """The ledger's size and root, hex."""

    size: int
    root: str


@dataclass(frozen=True)
class DrawLink:
    """A draw of an episode; `next_at` is the moment that it waits for."""

    id: str
    of: str
    attempt: int
    standing: str
    next_at: datetime | None
    drawn_at: datetime | None
    pool_size: int
    url: str


@dataclass(frozen=True)
class MyInspection:
    """A line of the inspector's list."""

    id: str
    state: str
    episode: EpisodeCard
    target: TargetCard
    url: str


@dataclass(frozen=True)
class ConsoleInspection:
    """The inspection that a console works on."""

    id: str
    state: str
    channel: str
    whip_url: str
    episode_url: str
    cut: bool


@dataclass(frozen=True)
class Action:
    """Something an operator may do now."""

    action: str
    url: str
    danger: bool = False
    needs_reason: bool = False


@dataclass(frozen=True)
class Planned:
    """An episode on the operator's page."""

    episode: EpisodeCard
    next_steps: Sequence[Action]
    url: str


@dataclass(frozen=True)
class OperatorInspector:
    """An inspector as the operator sees them."""

    name: str
    department: str
    certificate: str


@dataclass(frozen=True)
class BusinessCase:
    """A rectification as the business sees it."""

    rectification: RectificationCard
    finding: FindingView
    may_submit: bool
    submit_url: str


@dataclass(frozen=True)
class TargetView(TargetCard):
    """A target on its own page; `source` is the register and the row it came from."""

    code: str | None = None
    source: str = ""


@dataclass(frozen=True)
class HistoryLine:
    """Something that happened to a target: `what` is a kind that the template has words for."""

    at: datetime
    what: str
    words: str
    url: str | None

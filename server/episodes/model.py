"""An episode (期): one weekly session, from its announcement to the last problem put right. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.episodes.holds import Change, Hold
from server.episodes.lifecycle import Method, Phase, may_move
from server.kit.errors import NotFound, TooLate


class NoSuchEpisode(NotFound):
    """No episode has this id."""


class WrongPhase(TooLate):
    """What was asked belongs to another phase."""


@dataclass(frozen=True)
class Episode:
    """One session. `plan` holds the moments announced, `reached` those at which phases really began (keys: phases).

    `timed`: its steps are taken at their moments by themselves, but for those in `holds`.
    """

    id: str
    number: int
    title: str
    method: Method
    phase: Phase
    created_at: datetime
    district: str = ""
    category: str = ""
    week: str | None = None
    plan: Mapping[str, datetime] = field(default_factory=dict)
    reached: Mapping[str, datetime] = field(default_factory=dict)
    target: str | None = None
    inspection: str | None = None
    reason: str | None = None
    timed: bool = False
    holds: Mapping[str, Hold] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    version: int = 0

    @property
    def filter(self) -> dict[str, str]:
        """What the pool is drawn from: empty means the whole registry (不定向)."""
        named = {"district": self.district, "category": self.category}
        return {name: value for name, value in named.items() if value}

    def check_move(self, to: Phase) -> None:
        """Refuses a step that the lifecycle does not have."""
        if not may_move(self.method, self.phase, to):
            raise WrongPhase("This episode cannot take that step now. Load its page to see where it stands.")

    def drawn(self) -> str:
        """The target; refuses before there is one."""
        if self.target is None:
            raise WrongPhase("This belongs to another phase of the episode. Load its page to see where it stands.")
        return self.target

    def check_phase(self, *phases: Phase) -> None:
        """Refuses what belongs to another phase than these."""
        if self.phase not in phases:
            raise WrongPhase("This belongs to another phase of the episode. Load its page to see where it stands.")

"""The six ways an action may say no, and nothing about HTTP.

Raise a telling subclass: `class BallotClosed(TooLate)`. The message is a whole English sentence that says
what was wrong, where, and what to do; it is also the gettext msgid, so values are filled in after translation.
"""

from collections.abc import Callable


def N_(msgid: str) -> str:  # noqa: N802  # gettext's own name for it
    """Marks a sentence for the catalogues where it is written down and translated later."""
    return msgid


class Refusal(Exception):
    """What an action raises when a rule says no: a sentence, its values, and the field concerned.

    `Refusal("The ballot closed at {moment}.", moment=closed_at)`; `where` names the form field, if any.
    """

    def __init__(self, message: str, *, where: str | None = None, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.values = values

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """The message translated, then filled."""
        template = translate(self.message)
        return template.format_map(self.values) if self.values else template

    def __str__(self) -> str:
        return self.sentence()


class NotFound(Refusal):
    """There is no such thing, or none that this person may know of."""


class NotAllowed(Refusal):
    """The thing exists, but this person may not do this to it."""


class Invalid(Refusal):
    """What was sent cannot be right; `where` names the field."""


class TooLate(Refusal):
    """It could be done once, but the moment has passed or somebody was faster."""


class _Later(Refusal):
    """A refusal that need not last: the same request may succeed after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float, where: str | None = None, **values: object) -> None:
        super().__init__(message, where=where, **values)
        self.retry_after = retry_after


class TooMany(_Later):
    """The person or the service is over a limit for now."""


class Unavailable(_Later):
    """Something that we depend on does not answer; it is not the person's fault."""


class AccessDenied(Unavailable):
    """The database does not accept our credentials, or not for this."""


class Uncertain(Unavailable):
    """A commit was sent and never confirmed: it may or may not have been saved."""


class Duplicate(TooLate):
    """A unique index already holds this key; `fields` names the fields of that index."""

    def __init__(self, fields: tuple[str, ...] = ()) -> None:
        super().__init__("This is already recorded; it cannot be recorded a second time.")
        self.fields = fields


class ChangedMeanwhile(TooLate):
    """What is to be saved is no longer at the version that was read."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed this meanwhile. Load it again and repeat your change.")

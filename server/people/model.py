"""Who may do what: roles, deeds, the one table that joins them; accounts, sessions, invitations. No I/O."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from server.kit.errors import N_, Invalid, NotAllowed


class Role(StrEnum):
    """What somebody is here. Everyone unknown is a viewer; `system` is the server itself and its command line."""

    VIEWER = "viewer"
    INSPECTOR = "inspector"
    DEPUTY = "deputy"
    OPERATOR = "operator"
    BUSINESS = "business"
    SYSTEM = "system"


class Deed(StrEnum):
    """One per kind of thing that may be done. Every door names one."""

    READ = "read"
    WATCH = "watch"
    METRICS = "metrics"
    HEALTH = "health"
    SIGN_IN = "sign_in"
    OWN_ACCOUNT = "own_account"
    PUBLISH_WHIP = "publish_whip"
    BUSINESS_LINK = "business_link"
    BROADCAST_TOKEN = "broadcast_token"  # noqa: S105  the name of a deed, no secret
    MONITOR = "monitor"
    IDENTIFY = "identify"
    NOMINATE = "nominate"
    CURATE = "curate"
    VOTE = "vote"
    HOLD_BALLOT = "hold_ballot"
    WITNESS = "witness"
    RECUSE = "recuse"
    INSPECT = "inspect"
    PUBLISH_FINDING = "publish_finding"
    WITHDRAW_FINDING = "withdraw_finding"
    PLAN = "plan"
    DRAW = "draw"
    ASSIGN = "assign"
    CONDUCT = "conduct"
    CUT = "cut"
    MOVE_RECTIFICATION = "move_rectification"
    INVITE = "invite"
    IMPORT_TARGETS = "import_targets"


SENTENCES: Mapping[Deed, str] = {
    Deed.READ: N_("You may not read this page."),
    Deed.WATCH: N_("You may not watch this broadcast."),
    Deed.METRICS: N_("You may not read the metrics."),
    Deed.HEALTH: N_("You may not read the state of the server."),
    Deed.SIGN_IN: N_("You may not sign in here."),
    Deed.OWN_ACCOUNT: N_("Only people with an account have an account page. Please sign in."),
    Deed.PUBLISH_WHIP: N_("You may not broadcast here."),
    Deed.BUSINESS_LINK: N_("You may not use this link."),
    Deed.BROADCAST_TOKEN: N_("Only inspectors may broadcast. Please sign in as an inspector."),
    Deed.MONITOR: N_("The undelayed picture is for inspectors, deputies and operators. Please sign in as one of them."),
    Deed.IDENTIFY: N_("You may not identify yourself here."),
    Deed.NOMINATE: N_("You may not propose a target here."),
    Deed.CURATE: N_("Only operators may handle nominations. Please sign in as an operator."),
    Deed.VOTE: N_("You may not vote here."),
    Deed.HOLD_BALLOT: N_("Only operators may open or void a ballot. Please sign in as an operator."),
    Deed.WITNESS: N_("Only deputies may witness a draw. Please sign in as a deputy."),
    Deed.RECUSE: N_("Only inspectors and operators may record a recusal. Please sign in as such."),
    Deed.INSPECT: N_("Only inspectors may open the console. Please sign in as an inspector."),
    Deed.PUBLISH_FINDING: N_("Only inspectors may publish findings. Please sign in as an inspector."),
    Deed.WITHDRAW_FINDING: N_("Only inspectors may withdraw findings. Please sign in as an inspector."),
    Deed.PLAN: N_("Only operators may plan episodes. Please sign in as an operator."),
    Deed.DRAW: N_("Only operators may draw lots. Please sign in as an operator."),
    Deed.ASSIGN: N_("Only operators may assign inspectors. Please sign in as an operator."),
    Deed.CONDUCT: N_("Only operators may start, conclude or cancel an episode. Please sign in as an operator."),
    Deed.CUT: N_("Only operators may cut a broadcast. Please sign in as an operator."),
    Deed.MOVE_RECTIFICATION: N_("Only inspectors and operators may move a rectification. Please sign in as such."),
    Deed.INVITE: N_("Only operators may invite people and close accounts. Please sign in as an operator."),
    Deed.IMPORT_TARGETS: N_("Only operators may import targets. Please sign in as an operator."),
}
"""What somebody is told who may not do it: who may, and what to do now."""


def _for(*roles: Role) -> frozenset[Role]:
    return frozenset({*roles, Role.SYSTEM})


_ALL = frozenset(Role)
_INSPECTOR = _for(Role.INSPECTOR)
_OPERATOR = _for(Role.OPERATOR)

MAY: Mapping[Deed, frozenset[Role]] = {
    Deed.READ: _ALL,
    Deed.WATCH: _ALL,
    Deed.METRICS: _ALL,
    Deed.HEALTH: _ALL,
    Deed.SIGN_IN: _ALL,
    Deed.OWN_ACCOUNT: _for(Role.INSPECTOR, Role.DEPUTY, Role.OPERATOR, Role.BUSINESS),
    Deed.PUBLISH_WHIP: _ALL,  # Open at the door: the broadcast token decides.
    Deed.BUSINESS_LINK: _ALL,  # Open at the door: the secret in the link decides.
    Deed.BROADCAST_TOKEN: _INSPECTOR,
    Deed.MONITOR: _for(Role.INSPECTOR, Role.DEPUTY, Role.OPERATOR),
    Deed.IDENTIFY: _ALL,  # Open at the door: cookie, code or provider decide.
    Deed.NOMINATE: _ALL,  # Open at the door: the citizen's cookie and work decide.
    Deed.CURATE: _OPERATOR,
    Deed.VOTE: _ALL,  # Open at the door: the citizen's tier decides.
    Deed.HOLD_BALLOT: _OPERATOR,
    Deed.WITNESS: _for(Role.DEPUTY),
    Deed.RECUSE: _for(Role.INSPECTOR, Role.OPERATOR),
    Deed.INSPECT: _INSPECTOR,
    Deed.PUBLISH_FINDING: _INSPECTOR,
    Deed.WITHDRAW_FINDING: _INSPECTOR,
    Deed.PLAN: _OPERATOR,
    Deed.DRAW: _OPERATOR,
    Deed.ASSIGN: _OPERATOR,
    Deed.CONDUCT: _OPERATOR,
    Deed.CUT: _OPERATOR,
    Deed.MOVE_RECTIFICATION: _for(Role.INSPECTOR, Role.OPERATOR),
    Deed.INVITE: _OPERATOR,
    Deed.IMPORT_TARGETS: _OPERATOR,
}
"""The one table of who may do what. A deputy observes: no deed that changes a case is theirs."""


@dataclass(frozen=True)
class Person:
    """Somebody who asks. `mark` is how they appear in the public record: a salted digest, never a name."""

    id: str
    name: str
    role: Role
    mark: str
    login: str = ""
    department: str = ""
    certificate: str = ""
    districts: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    @property
    def roles(self) -> frozenset[Role]:
        """What templates ask: a person has one role."""
        return frozenset({self.role})

    def may(self, deed: Deed) -> bool:
        """Whether the table allows it."""
        return self.role in MAY[deed]


VIEWER = Person("", "", Role.VIEWER, "viewer")
"""Everyone whom we do not know."""
SYSTEM = Person("system", "system", Role.SYSTEM, "system")
"""The server itself: timed work and commands on its machine."""


def require(person: Person | None, deed: Deed) -> Person:
    """Who asks, known or not; refuses with NotAllowed, and a sentence that says who may, when they may not do this."""
    who = person or VIEWER
    if not who.may(deed):
        raise NotAllowed(SENTENCES[deed])
    return who


def permit(who: object, deed: str) -> None:
    """`require` in the shape that the doors ask for (server.kit.doors.Permit)."""
    require(who if isinstance(who, Person) else None, Deed(deed))


def mark_of(account_id: str, salt: bytes) -> str:
    """SHA-256(salt || id) in hex. The salt lives in the account's document alone, so forgetting it unlinks the mark."""
    return hashlib.sha256(salt + account_id.encode()).hexdigest()


@dataclass(frozen=True)
class Account:
    """A person as kept: how they sign in, and the salt of their mark."""

    id: str
    name: str
    role: Role
    login: str
    password_hash: str = field(repr=False)
    salt: bytes = field(repr=False)
    opened_at: datetime
    department: str = ""
    certificate: str = ""
    districts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    disabled_at: datetime | None = None

    def person(self) -> Person:
        """What the rest of the house knows of them."""
        return Person(
            self.id,
            self.name,
            self.role,
            mark_of(self.id, self.salt),
            self.login,
            self.department,
            self.certificate,
            frozenset(self.districts),
            frozenset(self.categories),
        )


@dataclass(frozen=True)
class Session:
    """One signed-in browser. `id` names it on the account page; its secret is kept only as `digest`."""

    id: str
    account_id: str
    digest: str = field(repr=False)
    began_at: datetime
    seen_at: datetime
    idle_until: datetime
    ends_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Unused for too long, or old."""
        return now >= self.idle_until or now >= self.ends_at


@dataclass(frozen=True)
class Invitation:
    """A link that opens one account, once. Its secret is kept only as `digest`."""

    id: str
    digest: str = field(repr=False)
    role: Role
    name: str
    created_at: datetime
    expires_at: datetime
    department: str = ""
    certificate: str = ""
    districts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    used_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Neither used nor expired."""
        return self.used_at is None and now < self.expires_at


LOGIN_LENGTH = (3, 64)
PASSWORD_LENGTH = (12, 256)
NAME_LENGTH = 100
INVITED_ROLES = (Role.INSPECTOR, Role.DEPUTY, Role.OPERATOR, Role.BUSINESS)
COMMON_PASSWORDS = frozenset({
    "000000000000", "111111111111", "121212121212", "123123123123", "123456123456", "123456654321", "123456789000",
    "123456789012", "1234567890123", "123456789101", "1234567891011", "12345678900987654321",
    "123456789abc", "1234567890ab", "123qweasdzxc", "1q2w3e4r5t6y", "1q2w3e4r5t6y7u8i", "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv", "a123456789012", "aaaaaaaaaaaa", "abc123456789", "abcd12345678", "abcdefghijkl",
    "administrator", "adminadminadmin", "changemechangeme", "iloveyouiloveyou", "letmeinletmein", "password1234",
    "password12345", "passwordpassword", "p@ssw0rdp@ssw0rd", "qazwsxedcrfv", "qwerty123456", "qwertyuiop12",
    "qwertyuiop123", "qwertyuiopasdfghjkl", "qwertyqwerty", "woaini1314520", "woainiwoaini", "5201314520131",
    "zxcvbnmasdfg", "zaq12wsxcde3",
})  # fmt: skip
"""Those of twelve characters and more that lists of leaked passwords show most; compared without case."""

_LOGIN = re.compile(r"[\w.@+-]+")


class BadPassword(Invalid):
    """A password that the rules for new passwords refuse."""


def normal_login(text: str) -> str:
    """A login as it is kept and compared: NFKC and case-folded. Refuses what cannot be one."""
    login = _folded(text).strip()
    least, most = LOGIN_LENGTH
    if not least <= len(login) <= most:
        raise Invalid(
            "A login has {least} to {most} characters; this one has {length}.",
            where="login",
            least=least,
            most=most,
            length=len(login),
        )
    if not _LOGIN.fullmatch(login):
        raise Invalid("A login consists of letters, digits and the signs . @ + - _ only.", where="login")
    return login


def check_password(password: str, login: str) -> None:
    """The rules for a new password: long, not the login, not one of the commonest (NIST SP 800-63B, 3.1.1.2)."""
    least, most = PASSWORD_LENGTH
    length = len(password) if len(password) > most else len(normal_password(password))
    if not least <= length <= most:
        raise BadPassword(
            "A password has {least} to {most} characters; this one has {length}.",
            where="password",
            least=least,
            most=most,
            length=length,
        )
    plain = _folded(password)
    if plain == login:
        raise BadPassword("The password is the same as the login. Please choose another.", where="password")
    if plain in COMMON_PASSWORDS or len(set(plain)) == 1:
        raise BadPassword("This password is one of the commonest. Please choose another.", where="password")


def normal_password(password: str) -> str:
    """A password as it is hashed: NFKC, so that every keyboard writes the same one."""
    return unicodedata.normalize("NFKC", password)


def _folded(text: str) -> str:
    """Equal for texts that differ in case or width only (toNFKC_Casefold without the removals, Unicode 3.13)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_own_path(path: str) -> bool:
    """Whether a browser sent to `path` stays on this site: one leading slash, then printable ASCII, no backslash."""
    return bool(re.fullmatch(r"/(?!/)[!-\[\]-~]*", path))


START_PAGES: Mapping[Role, str] = {Role.INSPECTOR: "/console", Role.DEPUTY: "/deputy", Role.OPERATOR: "/operator"}


def start_page(role: Role) -> str:
    """Where somebody begins after signing in."""
    return START_PAGES.get(role, "/")

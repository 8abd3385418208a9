"""Telephones: a number gets a code of six digits; whoever types it is known by the number, kept as a digest alone."""

import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable
from datetime import timedelta

from server.citizens.actions import Citizens
from server.citizens.model import Citizen, Tier
from server.citizens.senders import Sender
from server.kit.clock import Clock
from server.kit.errors import N_, Invalid, NotFound, TooLate
from server.kit.mongo import Database

SCOPE = "phone"
"""What work is done for before a code is sent."""
MINUTES = 10
TRIES = 5
CODES_PER_DEVICE = 10
SEPARATORS = str.maketrans("", "", " -–‑().\u00a0")
CODE_TEXT = N_(
    "{code} is your code for Seethrough. It is valid for {minutes} minutes. Nobody of ours will ever ask you for it."
)
Say = Callable[[str], str]
"""A sentence of ours in the asker's language."""
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_CHINA = re.compile(r"1[3-9][0-9]{9}")
_CODE = re.compile(r"[0-9]{6}")


class NoTelephone(NotFound):
    """No gateway is set up here."""


class KnownBetter(TooLate):
    """A telephone would make somebody less well known than they are."""


class BadNumber(Invalid):
    """No telephone number, or none to which codes are sent."""


class BadCode(Invalid):
    """Another code was sent."""


class CodeOver(TooLate):
    """No code waits for this browser (any more)."""


def normal_number(text: str, countries: tuple[str, ...]) -> str:
    """A number as E.164 says (+8613800138000). Without a country it is one of mainland China."""
    number = unicodedata.normalize("NFKC", text).translate(SEPARATORS)
    number = re.sub(r"^00", "+", number)
    if _CHINA.fullmatch(number):
        number = f"+86{number}"
    elif number.startswith("86") and _CHINA.fullmatch(number[2:]):
        number = f"+{number}"
    if not _NUMBER.fullmatch(number) or (number.startswith("+86") and not _CHINA.fullmatch(number[3:])):
        raise BadNumber("This is not a mobile number such as 138 0013 8000. Please check it.", where="number")
    if not number.startswith(tuple(f"+{country}" for country in countries)):
        raise BadNumber("Codes are not sent to numbers of this country.", where="number")
    return number


class Phones:
    """The verbs of telephones. A number is known while its code is sent and nowhere else."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        citizens: Citizens,
        sender: Sender | None,
        *,
        per_number: int,
        per_network: int,
        countries: tuple[str, ...],
    ) -> None:
        self._codes = database.collection("citizen_codes")
        self._clock = clock
        self._citizens = citizens
        self._key = citizens.subkey("codes")
        self._sender = sender
        self._per_number = per_number
        self._per_network = per_network
        self._countries = countries

    @property
    def on(self) -> bool:
        """Whether codes can be sent at all."""
        return self._sender is not None

    async def prepare(self) -> None:
        """Indexes."""
        await self._codes.ensure_index([("expires_at", 1)], expire_after=timedelta(0))

    async def send(self, citizen: Citizen, number: str, proof: str, address: str, say: Say) -> None:
        """Sends a code to a number, for this browser alone; an earlier one of this browser ends."""
        if self._sender is None:
            raise NoTelephone("Identifying by telephone is not offered here.")
        if citizen.tier is Tier.VERIFIED:
            raise KnownBetter("You are verified already, which counts for more than a telephone number.")
        to = normal_number(number, self._countries)
        self._citizens.check_work(citizen, SCOPE, proof)
        identity = self._citizens.identity(Tier.PHONE, to)
        await self._admit(citizen, identity, address)
        code = f"{secrets.randbelow(10**6):06}"
        await self._keep(citizen, identity, code)
        try:
            await self._sender.send(to, say(CODE_TEXT).format(code=code, minutes=MINUTES))
        except BaseException:
            await self._codes.delete({"_id": self._name(citizen)})
            raise

    async def waits(self, citizen: Citizen | None) -> bool:
        """Whether this browser was sent a code that it may still type."""
        return citizen is not None and bool(await self._codes.count({"_id": self._name(citizen), **self._open()}))

    async def confirm(self, citizen: Citizen, code: str) -> Citizen:
        """Who this browser is once the code is right. Every try counts before it is compared."""
        digits, mine = _digits(code), {"_id": self._name(citizen)}
        kept = await self._codes.find_one_and_update({**mine, **self._open()}, {"$inc": {"tries": 1}})
        if kept is None:
            raise CodeOver("No code is waiting for this browser any more. Please ask for a new one.", where="code")
        digest = self._digest(citizen, kept["identity"], digits)
        if not hmac.compare_digest(digest, kept["digest"]):
            raise BadCode(
                "This is not the code that was sent. Tries left: {left}.", where="code", left=TRIES - kept["tries"]
            )
        if not await self._codes.delete({**mine, "digest": digest}):
            raise CodeOver("No code is waiting for this browser any more. Please ask for a new one.", where="code")
        return Citizen(citizen.device, Tier.PHONE, kept["identity"])

    async def _admit(self, citizen: Citizen, identity: str, address: str) -> None:
        await self._citizens.admit(
            "code", citizen, address, per_citizen=CODES_PER_DEVICE, per_network=self._per_network, hours=1
        )
        number = Citizen(citizen.device, Tier.PHONE, identity)
        await self._citizens.admit("number", number, address, per_citizen=self._per_number, per_network=0, hours=24)

    async def _keep(self, citizen: Citizen, identity: str, code: str) -> None:
        waiting = {
            "_id": self._name(citizen),
            "identity": identity,
            "digest": self._digest(citizen, identity, code),
            "tries": 0,
            "expires_at": self._clock() + timedelta(minutes=MINUTES),
        }
        await self._codes.replace({"_id": waiting["_id"]}, waiting, upsert=True)

    def _open(self) -> dict[str, object]:
        return {"tries": {"$lt": TRIES}, "expires_at": {"$gt": self._clock()}}

    def _name(self, citizen: Citizen) -> str:
        return self._digest(citizen, "", "")

    def _digest(self, citizen: Citizen, identity: str, code: str) -> str:
        return hmac.digest(self._key, f"{citizen.device}\0{identity}\0{code}".encode(), "sha256").hex()


def _digits(code: str) -> str:
    digits = unicodedata.normalize("NFKC", code).translate(SEPARATORS)
    if not _CODE.fullmatch(digits):
        raise BadCode("A code has six digits. Please type it as you received it.", where="code")
    return digits

"""The command `seethrough account invite`."""

from typing import TextIO

from server.people.actions import People
from server.people.model import SYSTEM, Role


async def run_invite(
    people: People, role: Role, name: str, department: str, certificate: str, base_url: str, out: TextIO
) -> int:
    """Prints a link that opens one account, once."""
    invitation, secret = await people.invite(SYSTEM, role, name, department=department, certificate=certificate)
    print(f"{base_url}/invitations/{secret}", file=out)
    print(
        f"For {invitation.name} as {role.value}; valid once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC.",
        file=out,
    )
    return 0

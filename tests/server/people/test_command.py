import io

from server.people.command import run_invite
from server.people.model import Role

BASE = "https://inspect.example"


async def test_the_printed_link_opens_the_account_that_was_asked_for(town):
    out = io.StringIO()
    code = await run_invite(town.people, Role.INSPECTOR, "王小明", "市监局", "T-001", BASE, out)
    link, words = out.getvalue().splitlines()
    assert code == 0
    assert words == "For 王小明 as inspector; valid once, until 2026-03-09 02:00 UTC."
    secret = link.removeprefix(f"{BASE}/invitations/")
    who = await town.people.accept(secret, "wang", "a long enough password")
    assert (who.name, who.role, who.department, who.certificate) == ("王小明", Role.INSPECTOR, "市监局", "T-001")

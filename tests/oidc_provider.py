"""A real OpenID Connect provider (npm `oidc-provider`) on a loopback port, and a person at its login page."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from yarl import URL

ROOT = Path(__file__).parent.parent
LIBRARIES = ROOT / ".venv/npm-tests"
END_SECONDS = 30
CLIENT_ID, CLIENT_SECRET = "seethrough-tests", "a-secret-of-the-tests-with-signs:+/&%"
CALLBACK = "/citizen/verify/callback"


@dataclass(frozen=True)
class Oidc:
    """What our server is told about the provider."""

    issuer: str
    client_id: str
    client_secret: str

    @property
    def knobs(self) -> dict[str, str]:
        """The same as settings."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": self.client_id,
            "oidc_client_secret": self.client_secret,
            "oidc_name": "Tests",
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same as variables, for a server in a process of its own."""
        return {f"SEETHROUGH_{name.upper()}": value for name, value in self.knobs.items()}


@contextmanager
def running_provider(base_url: str) -> Iterator[Oidc]:
    """The provider, which sends people back to our server at `base_url`. Its login page takes any login."""
    assert (LIBRARIES / "node_modules").is_dir(), "`make npm-tests` installs the provider’s libraries"
    words = ["node", ROOT / "tests/oidc/provider.mjs", LIBRARIES, CLIENT_ID, CLIENT_SECRET, base_url + CALLBACK]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            issuer = process.stdout.readline().strip()
            assert issuer.startswith("http://127.0.0.1:"), f"the provider did not start: {issuer}"
            yield Oidc(issuer, CLIENT_ID, CLIENT_SECRET)
        finally:
            process.stdin.close()  # It ends with its input.
            process.wait(END_SECONDS)


async def log_in(address: str, login: str, choice: str = "enter") -> str:
    """What a browser does at the provider, from where we sent it to the address that it is sent back to."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(address) as reply:
            form = re.search(r'action="(.*?)"', await reply.text())
            assert form, f"{reply.status} {await reply.text()}"
            there = reply.url.join(URL(form.group(1)))
        sent = {"login": login, "choice": choice}
        reply = await http.post(there, data=sent, allow_redirects=False)
        while CALLBACK not in reply.headers["Location"]:
            reply = await http.get(reply.url.join(URL(reply.headers["Location"])), allow_redirects=False)
        return str(reply.headers["Location"])

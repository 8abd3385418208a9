import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

from server.citizens.discovery import NoAnswer
from server.citizens.provider import NotVerified, Provider
from server.kit.clock import now
from tests.oidc_provider import CALLBACK, log_in
from tests.server.citizens.conftest import HERE

DEVICE = "a" * 32


def query_of(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def provider_of(issuer, client_id="us", client_secret="secret"):
    return Provider(issuer, client_id, client_secret, HERE + CALLBACK, b"k" * 32, now)


async def test_a_real_provider_says_who_somebody_is(oidc):
    provider = provider_of(oidc.issuer, oidc.client_id, oidc.client_secret)
    for login in ("somebody", "somebody else"):
        address, cookie = await provider.begin(DEVICE, "/ballots/ba_1")
        came = query_of(await log_in(address, login))
        assert await provider.finish(DEVICE, cookie, came) == (oidc.issuer, login, "/ballots/ba_1")
        with pytest.raises(NotVerified):
            await provider.finish(DEVICE, cookie, came)  # A code of theirs works once.


async def test_whoever_leaves_the_providers_page_is_told_that_nothing_changed(oidc):
    provider = provider_of(oidc.issuer, oidc.client_id, oidc.client_secret)
    address, cookie = await provider.begin(DEVICE, "")
    with pytest.raises(NotVerified, match="Nothing has changed"):
        await provider.finish(DEVICE, cookie, query_of(await log_in(address, "x", "leave")))


async def test_a_wrong_client_secret_verifies_nobody(oidc):
    provider = provider_of(oidc.issuer, oidc.client_id, "wrong")
    address, cookie = await provider.begin(DEVICE, "")
    with pytest.raises(NotVerified):
        await provider.finish(DEVICE, cookie, query_of(await log_in(address, "somebody")))


def by_hand(header, claims, key):
    """A token that no library makes: without a signature, or signed with a public key as if it were a shared secret."""
    body = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    signature = base64.urlsafe_b64encode(hmac.digest(key, body, "sha256")).rstrip(b"=") if key else b""
    return (body + b"." + signature).decode()


class Liar:
    """A provider whose every answer a test chooses. It is no mock of ours: it speaks HTTP on a socket."""

    def __init__(self):
        self.key = RSAKey.generate_key(2048, parameters={"kid": "one"}, private=True)
        self.changes, self.header, self.signed_by, self.metadata = {}, {"alg": "RS256", "kid": "one"}, self.key, {}
        self.keys_asked, self.token_status, self.asked = 0, 200, {}

    async def start(self):
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self.discovery)
        app.router.add_get("/jwks", self.jwks)
        app.router.add_post("/token", self.token)
        self.server = TestServer(app)
        await self.server.start_server()
        self.issuer = str(self.server.make_url("")).rstrip("/")

    async def discovery(self, _request):
        known = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        return web.json_response({**known, **self.metadata})

    async def jwks(self, _request):
        self.keys_asked += 1
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def token(self, request):
        self.asked = dict(await request.post())
        at = int(now().timestamp())
        claims = {"iss": self.issuer, "sub": "s", "aud": "us", "exp": at + 60, "iat": at, "nonce": self.nonce}
        claims = {name: value for name, value in {**claims, **self.changes}.items() if value is not None}
        registry = JWSRegistry(algorithms=["RS256", "HS256", "none"])
        if isinstance(self.signed_by, bytes):
            token = by_hand(self.header, claims, self.signed_by)
        else:
            token = jwt.encode(self.header, claims, self.signed_by, registry=registry)
        answer = {"access_token": "x", "token_type": "Bearer", "id_token": token}
        return web.json_response(answer, status=self.token_status)

    async def visited(self, provider):
        """What comes of a visit."""
        address, cookie = await provider.begin(DEVICE, "/")
        self.sent = query_of(address)
        self.nonce = self.sent["nonce"]
        return await provider.finish(DEVICE, cookie, {"code": "c", "state": self.sent["state"]})


@pytest.fixture
async def liar():
    liar = Liar()
    await liar.start()
    yield liar
    await liar.server.close()


async def test_an_honest_token_is_believed_and_the_verifier_fits_the_challenge(liar):
    assert await liar.visited(provider_of(liar.issuer)) == (liar.issuer, "s", "/")
    digest = hashlib.sha256(liar.asked["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == liar.sent["code_challenge"]
    assert liar.sent["code_challenge_method"] == "S256"
    assert liar.sent["scope"] == "openid", "no name, no address is asked for"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody-else"},
        {"aud": ["somebody-else", "another"]},
        {"aud": ["us", "another"]},  # without azp
        {"aud": None},
        {"azp": "somebody-else"},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"at_hash": "AAAA"},
    ],
    ids=str,
)
async def test_a_token_for_others_or_of_another_time_is_not_believed(liar, changes):
    liar.changes = changes
    with pytest.raises(NotVerified):
        await liar.visited(provider_of(liar.issuer))


async def test_a_token_signed_by_somebody_else_is_not_believed(liar):
    liar.signed_by = RSAKey.generate_key(2048, parameters={"kid": "one"}, private=True)
    with pytest.raises(NotVerified):
        await liar.visited(provider_of(liar.issuer))


async def test_a_token_without_a_signature_or_signed_with_a_shared_secret_is_not_believed(liar):
    for header, key in (
        ({"alg": "none"}, b""),
        ({"alg": "none", "kid": "one"}, b""),
        ({"alg": "RS256", "kid": "one"}, b""),
        ({"alg": "HS256"}, OctKey.import_key("secret" * 6)),
        ({"alg": "HS256", "kid": "one"}, OctKey.import_key("secret" * 6)),
        ({"alg": "HS256", "kid": "one"}, liar.key.as_pem(private=False)),
    ):
        liar.header, liar.signed_by = header, key
        with pytest.raises(NotVerified):
            await liar.visited(provider_of(liar.issuer))


async def test_a_changed_key_is_fetched_once_and_not_for_every_stranger(liar, monkeypatch):
    provider = provider_of(liar.issuer)
    await liar.visited(provider)
    liar.key = liar.signed_by = RSAKey.generate_key(2048, parameters={"kid": "two"}, private=True)
    liar.header = {"alg": "RS256", "kid": "two"}
    with pytest.raises(NotVerified):
        await liar.visited(provider)
    assert liar.keys_asked == 1, "they were fresh a moment ago"
    monkeypatch.setattr("server.citizens.discovery.FRESH_KEYS_SECONDS", 0)
    await liar.visited(provider)
    assert liar.keys_asked == 2


async def test_an_answer_that_this_browser_did_not_ask_for_is_refused(liar):
    provider = provider_of(liar.issuer)
    address, cookie = await provider.begin(DEVICE, "/")
    sent = query_of(address)
    liar.nonce = sent["nonce"]
    good = {"code": "c", "state": sent["state"]}
    for device, given, query in (
        (DEVICE, cookie, {**good, "state": "another"}),
        (DEVICE, cookie, {"code": "c"}),
        ("b" * 32, cookie, good),
        (DEVICE, "", good),
        (DEVICE, cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), good),
        (DEVICE, (await provider.begin(DEVICE, "/"))[1], good),
        (DEVICE, cookie, {**good, "iss": "https://elsewhere.example"}),
        (DEVICE, cookie, {"state": sent["state"]}),
    ):
        with pytest.raises(NotVerified):
            await provider.finish(device, given, query)
    assert (await provider.finish(DEVICE, cookie, good))[1] == "s"


async def test_a_provider_that_refuses_the_code_is_not_our_accident(liar):
    liar.token_status = 400
    with pytest.raises(NotVerified):
        await liar.visited(provider_of(liar.issuer))


async def test_a_public_client_sends_no_secret(liar):
    await liar.visited(provider_of(liar.issuer, client_secret=""))
    assert liar.asked["client_id"] == "us"
    assert "client_secret" not in liar.asked


async def test_a_provider_that_takes_the_secret_in_the_body_gets_it_there(liar):
    liar.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await liar.visited(provider_of(liar.issuer))
    assert liar.asked["client_secret"] == "secret"


async def test_a_provider_that_is_away_is_said_so():
    with pytest.raises(NoAnswer):
        await provider_of("http://127.0.0.1:1").begin(DEVICE, "/")

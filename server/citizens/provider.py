"""Verifying people through an OpenID Connect provider: authorisation code flow with PKCE, state and nonce.

Authlib builds what is sent and judges the ID token (with joserfc); aiohttp carries it. Only issuer and subject are
used: no name, no address is asked for (scope `openid`), no token is kept.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote_plus

from authlib.common.security import generate_token
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from joserfc.jws import JWSRegistry

from server.citizens.discovery import Discovery, fetch
from server.citizens.sealed import Sealed
from server.kit.clock import Clock
from server.kit.errors import Invalid

log = logging.getLogger(__name__)

MINUTES = 10
LEEWAY_SECONDS = 120
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures that only the provider can make. What is signed with a shared secret, or not at all, is not believed."""


class NotVerified(Invalid):
    """The provider did not say who this is, or said it to somebody else's question."""


class Provider:
    """One provider. Between the two steps the browser carries a sealed cookie; the server keeps nothing."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, redirect_uri: str, key: bytes, clock: Clock
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._discovery = Discovery(issuer)
        self._sealed = Sealed(key, clock, minutes=MINUTES)
        self._clock = clock

    async def begin(self, device: str, after: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie to give it; `after` is where it wants to go in the end."""
        known = await self._discovery.metadata()
        state, nonce, verifier = generate_token(32), generate_token(32), generate_token(64)
        address = prepare_grant_uri(
            known["authorization_endpoint"],
            self._client_id,
            "code",
            redirect_uri=self._redirect_uri,
            scope="openid",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        facts = {"device": device, "state": state, "nonce": nonce, "verifier": verifier, "after": after}
        return str(address), self._sealed.seal(facts)

    async def finish(self, device: str, cookie: str, query: Mapping[str, str]) -> tuple[str, str, str]:
        """Issuer and subject of who came back, and where they want to go."""
        begun = self._sealed.open(cookie)
        if begun is None or begun["device"] != device or query.get("state") != begun["state"]:
            raise NotVerified("This answer does not belong to a request of this browser. Please start again.")
        if "error" in query or not query.get("code"):
            raise NotVerified("The provider did not verify you. Nothing has changed; you may start again.")
        known = await self._discovery.metadata()
        if query.get("iss", known["issuer"]) != known["issuer"]:  # RFC 9207: an answer mixed up with another provider's
            raise NotVerified("This answer does not belong to a request of this browser. Please start again.")
        answer = await self._exchange(query["code"], begun["verifier"])
        claims = await self._claims(answer, begun["nonce"], self._clock())
        return known["issuer"], str(claims["sub"]), begun["after"]

    async def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        known = await self._discovery.metadata()
        body = prepare_token_request(
            "authorization_code", redirect_uri=self._redirect_uri, code=code, code_verifier=verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        method = _auth_method(known, self._client_secret)
        address, headers, body = _auth(method, self._client_id, self._client_secret).prepare(
            "POST", known["token_endpoint"], headers, body
        )
        status, answer = await fetch("POST", address, headers=headers, data=body)
        if status != 200:
            log.warning("The provider gave no token: %s", answer.get("error"))
            raise NotVerified("The provider did not verify you. Nothing has changed; you may start again.")
        return answer

    async def _claims(self, answer: Mapping[str, Any], nonce: str, now: datetime) -> Mapping[str, Any]:
        known = await self._discovery.metadata()
        required = {
            "iss": {"essential": True, "value": known["issuer"]},
            "aud": {"essential": True, "value": self._client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        given = {"nonce": nonce, "client_id": self._client_id, "access_token": answer.get("access_token")}
        try:
            token = await self._decoded(str(answer.get("id_token", "")))
            claims = CodeIDToken(token.claims, token.header, required, given)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
            if not isinstance(claims["sub"], str) or not claims["sub"]:
                raise ValueError("no subject")
        except (JoseError, ValueError, KeyError, TypeError) as problem:
            log.warning("An ID token was not believed: %s", type(problem).__name__)
            raise NotVerified("The provider’s answer cannot be believed. Please start again.") from None
        return dict(claims)

    async def _decoded(self, text: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            return jwt.decode(text, _key_set(await self._discovery.keys()), registry=registry)
        except InvalidKeyIdError:  # The provider may have changed its keys since.
            return jwt.decode(text, _key_set(await self._discovery.keys(fresh=True)), registry=registry)


def _key_set(keys: Mapping[str, Any]) -> KeySet:
    return KeySet.import_key_set(cast(KeySetSerialization, keys))


def _auth(method: str, client_id: str, secret: str) -> Any:
    # RFC 6749, 2.3.1: both are form-encoded before they go into a Basic header, which Authlib leaves to us.
    pair = (quote_plus(client_id), quote_plus(secret)) if method == "client_secret_basic" else (client_id, secret)
    return ClientAuth(*pair, method)


def _auth_method(known: Mapping[str, Any], secret: str) -> str:
    if not secret:
        return "none"
    offered = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"

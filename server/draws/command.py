"""The command `seethrough verify draw`: fetches or reads what was published, says in plain words whether it holds."""

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urljoin, urlsplit

import aiohttp
from tqdm import tqdm

from server.draws.verify import State, Step, Verdict, check, verdict
from server.kit.errors import Invalid

EXIT = {Verdict.PROVEN: 0, Verdict.REFUTED: 1, Verdict.UNKNOWN: 2}
MAX_PROOF_BYTES = 32 * 2**20
MAX_POOL_BYTES = 2 * 2**30
ANSWER_SECONDS = 60.0

STEPS = {
    "announcement": "The draw was announced once (attempt {attempt}, sources of randomness: {sources}).",
    "times": "Every source of randomness was still unknown when it was announced, {ahead} s ahead.",
    "pool": "The pool is the one that was announced: {members} members, {tickets} tickets, {left_out} left out.",
    "witnesses": "{sealed} witnesses sealed a secret in time, {opened} opened what they had sealed.",
    "sources": "What the sources say is what they may say ({in} in, {fell} fell).",
    "beacon": "The beacon's round {round} is genuine.",
    "chain": "The beacon is drand's quicknet, which everybody can ask.",
    "draw": "The key of the draw {draw} follows from its own sources.",
    "key": "The key follows from the pool and the sources: {key}",
    "lots": "The lots fall on {drawn} lines of the pool: {lines}",
    "opened": "The names stand behind these lines, in this order: {members}",
    "void": "The draw is void, for a reason that the rule knows ({code}).",
}
"""What is said of a step that passed."""

PROBLEMS = {
    "announcement": "There is no well-formed announcement of this draw.",
    "announced_twice": "The draw was announced more than once, or not first of all.",
    "foreign_fact": "An entry is about something else than this draw.",
    "rfc3797_sources": "RFC 3797 takes public numbers only; other sources were announced.",
    "announced_late": "When it was announced, a source ({kind}) was out already: somebody could know the outcome.",
    "ceremony_times": "The witnesses should have opened before they had sealed.",
    "ceremony_last": "The witnesses could open after another source ({kind}) was out: the last could choose.",
    "pool_hash": "The pool's SHA-256 is not the one announced: the file is another.",
    "pool_line": "The pool has a line that is not well formed, out of order, or there twice. {why}",
    "pool_counts": "The pool has other members or tickets than announced.",
    "pool_excluded": "Other members are left out of the pool than announced.",
    "sealed_late": "A witness sealed too late ({witness}).",
    "sealed_twice": "A witness sealed twice ({witness}).",
    "opened_late": "A witness opened too early or too late ({witness}).",
    "secret": "What a witness opened is not what they had sealed ({witness}).",
    "source_twice": "Source {source} was decided twice.",
    "source_lacks": "The lots were drawn before every source was in.",
    "source_foreign": "A source was decided that had not been announced.",
    "beacon_value": "The beacon's value does not follow from its signature.",
    "numbers_form": "The public numbers are not written as the rule says.",
    "ceremony_value": "What came of the witnesses is not what they opened.",
    "ceremony_missing": "Who did not open is not named, or somebody is named who did.",
    "ceremony_early": "The witnesses were cut off before their time was over.",
    "signature": "The signature is not the beacon's for this round.",
    "other_key": "The key taken over is not the key of the other draw.",
    "no_source": "No source was left, and yet lots were drawn.",
    "drawn_twice": "Lots were drawn more than once.",
    "key": "The key published does not follow from the pool and the sources.",
    "wanted": "Not all inspectors with tickets were drawn.",
    "opened_count": "More or fewer were named than the lots fell on.",
    "opened": "Who is named at place {place} does not stand behind the line that was drawn.",
    "recused_foreign": "Somebody stepped back who was not on the team.",
    "recused_next": "Nobody was left to move up.",
    "void_drawn": "The draw is void, and yet lots were drawn, or it was voided twice.",
    "void_late": "The draw was called off when somebody could know its outcome.",
    "void_source": "The draw is said to be void for want of a source, but there was one.",
    "void_code": "The draw is void for a reason that the rule does not know.",
    "moment": "A moment is not written in UTC.",
    "malformed": "Something is not written as the rule says. {why}",
    "earlier": "This hangs on a step above that did not pass.",
    "chain_parameters": "The beacon's chain {chain} is not known here, and its key was not given.",
    "chain_foreign": "The beacon's chain {chain} is not drand's quicknet: ask who runs it.",
    "other_draw": "The draw {draw} was not given.",
    "not_out": "It is not in yet.",
    "place": "The target's category and district were not given.",
    "waiting": "The lots are not drawn yet.",
}
"""What is said of a step that did not pass."""

MARKS = {State.PASS: "ok  ", State.FAIL: "FAIL", State.UNKNOWN: "?   "}
VERDICTS = {
    Verdict.PROVEN: "PROVEN. Everything that was published follows from what was fixed beforehand.",
    Verdict.REFUTED: "REFUTED. What was published does not follow from what was fixed beforehand.",
    Verdict.UNKNOWN: "CANNOT TELL. Nothing is false, but not everything can be judged.",
}


async def run_verify(where: str, pool: Path | None, as_json: bool, out: TextIO) -> int:
    """Checks a draw's JSON (a file or an address) with its pool; 0 proven, 1 refuted, 2 cannot tell."""
    proof, file = await _fetched(where, pool) if re.match("https?://", where) else _read(Path(where), pool)
    steps = await asyncio.to_thread(_checked, proof, file, None if as_json else out)
    outcome = verdict(steps)
    if as_json:
        print(json.dumps({"verdict": outcome, "steps": [asdict(s) for s in steps]}, ensure_ascii=False), file=out)
    else:
        print(VERDICTS[outcome], file=out)
    return EXIT[outcome]


def _checked(proof: Mapping[str, Any], file: bytes, out: TextIO | None) -> list[Step]:
    steps = []
    for step in check(proof, file):
        steps.append(step)
        if out:
            print(f"{MARKS[step.state]} {sentence(step)}", file=out, flush=True)
    return steps


def sentence(step: Step) -> str:
    """A step in plain words."""
    words = STEPS[step.step] if step.problem is None else PROBLEMS[step.problem]
    return words.format_map(_Facts({name: _said(value) for name, value in step.facts.items()})).rstrip()


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _said(value: object) -> str:
    text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return text if len(text) <= 400 else f"{text[:400]}…"


def _read(path: Path, pool: Path | None) -> tuple[Mapping[str, Any], bytes]:
    proof = _proof(_bytes(path), path.name)
    beside = [pool] if pool else [path.with_suffix(".pool.txt"), path.with_name("pool.txt"), path.with_suffix(".txt")]
    found = next((candidate for candidate in beside if candidate.exists()), None)
    if found is None:
        raise Invalid("Put the pool beside {name} as pool.txt, or name it with --pool.", where="pool", name=path.name)
    return proof, _bytes(found)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise Invalid("{path} cannot be read ({problem}).", path=path, problem=problem.strerror) from None


def _proof(data: bytes, name: str) -> Mapping[str, Any]:
    try:
        proof = json.loads(data)
    except ValueError:
        proof = None
    if not isinstance(proof, dict):
        raise Invalid("{name} is not the JSON of a draw.", name=name)
    return proof


async def _fetched(url: str, pool: Path | None) -> tuple[Mapping[str, Any], bytes]:
    """The JSON behind a draw's address, and the pool that it names on the same site."""
    bare = url.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0].rstrip("/")
    twin = bare if bare.endswith(".json") else f"{bare}.json"
    timeout = aiohttp.ClientTimeout(sock_read=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as http:
        try:
            proof = _proof(await _got(http, twin, MAX_PROOF_BYTES), twin)
            if pool:
                return proof, _bytes(pool)
            return proof, await _got(http, _same_site(twin, proof), MAX_POOL_BYTES)
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise Invalid("{url} cannot be fetched ({problem}).", url=twin, problem=problem) from None


def _same_site(twin: str, proof: Mapping[str, Any]) -> str:
    url = urljoin(twin, str(proof.get("pool_url", "pool.txt")))
    if urlsplit(url)[:2] != urlsplit(twin)[:2]:
        raise Invalid("The pool lies on another site than the draw; name a file with --pool.", where="pool")
    return url


async def _got(http: aiohttp.ClientSession, url: str, most: int) -> bytes:
    content = bytearray()
    async with http.get(url) as reply:
        with tqdm(total=reply.content_length, unit="B", unit_scale=True, file=sys.stderr, disable=None) as bar:
            async for chunk in reply.content.iter_chunked(2**20):
                content += chunk
                bar.update(len(chunk))
                if len(content) > most:
                    raise Invalid("{url} is larger than a draw can be.", url=url)
    return bytes(content)

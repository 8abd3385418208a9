"""The command `seethrough`: reads words and settings, runs one thing, says in a sentence why it could not."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from server import serving
from server.config import PREFIX, BadSetting, Settings
from server.kit.errors import Refusal
from server.kit.mongod import CannotStart
from server.ledger.keys import BadKey
from server.ledger.mark import BadMark
from server.ledger.sequencer import ForeignLedger, LedgerLost
from server.people.model import Role

STOPS = (BadSetting, CannotStart, BadKey, BadMark, LedgerLost, ForeignLedger, Refusal)
"""What ends a command with one sentence instead of a traceback."""

Run = Callable[[Settings, argparse.Namespace], Coroutine[Any, Any, int]]


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code: 0 done, 1 done with refusals, 2 could not start."""
    asked = _parser().parse_args(words)
    try:
        settings = Settings.from_environment()
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        logging.getLogger("aioice").setLevel(logging.WARNING)
        run: Run = asked.run
        return asyncio.run(run(settings, asked))
    except STOPS as problem:
        print(f"seethrough: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seethrough", description="Government inspections that the public can choose, watch, check and follow."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, "serve", _serve, "run the server")
    _command(commands, "demo", _demo, "run the fictional city of Chengming with an inspection live now")
    _command(commands, "settings", _settings, "print every setting with its value")
    targets = commands.add_parser("targets", help="the registry of targets").add_subparsers(required=True)
    load = _command(targets, "import", _import, "import a register into the registry")
    load.add_argument("file", type=Path, metavar="FILE")
    load.add_argument("--format", choices=("own", "lives"), required=True, help="see docs/formats.md")
    load.add_argument("--dry-run", action="store_true", help="report everything, change nothing")
    lists = commands.add_parser("checklists", help="the published checklists").add_subparsers(required=True)
    publish = _command(lists, "publish", _publish, "publish a checklist as a new version")
    publish.add_argument("file", type=Path, metavar="FILE")
    verify = commands.add_parser("verify", help="check what was published, without trusting us").add_subparsers(
        required=True
    )
    draw = _command(verify, "draw", _verify_draw, "check a draw: exit code 0 proven, 1 refuted, 2 cannot tell")
    draw.add_argument("where", metavar="FILE|URL", help="the draw's JSON, or the address of its page")
    draw.add_argument("--pool", type=Path, metavar="FILE", help="the pool, where it does not lie beside the JSON")
    draw.add_argument("--json", action="store_true", help="print the steps as JSON")
    accounts = commands.add_parser("account", help="people who sign in").add_subparsers(required=True)
    invite = _command(accounts, "invite", _invite, "print a link by which one person opens an account, once")
    roles = [r.value for r in (Role.INSPECTOR, Role.DEPUTY, Role.OPERATOR)]
    invite.add_argument("--role", choices=roles, required=True)
    invite.add_argument("--name", required=True)
    invite.add_argument("--department", default="")
    invite.add_argument("--certificate", default="", help="an inspector's certificate number")
    return parser


def _command(
    group: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Run, words: str
) -> argparse.ArgumentParser:
    command = group.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    command.set_defaults(run=run)
    return command


async def _serve(settings: Settings, _asked: argparse.Namespace) -> int:
    return await serving.serve(settings)


async def _demo(settings: Settings, _asked: argparse.Namespace) -> int:
    from server.demo import run_demo  # brings the camera's drawing tools

    return await run_demo(settings)


async def _settings(settings: Settings, _asked: argparse.Namespace) -> int:
    for f in fields(settings):
        print(f"{PREFIX}{f.name.upper()}={getattr(settings, f.name)}\n    {f.metadata['sentence']}")
    return 0


async def _import(settings: Settings, asked: argparse.Namespace) -> int:
    from server.targets.command import run_import  # brings the progress bar

    async with serving.house(settings) as house:
        return await run_import(house.targets, asked.file, asked.format, asked.dry_run, sys.stdout)


async def _publish(settings: Settings, asked: argparse.Namespace) -> int:
    from server.targets.command import run_publish

    async with serving.house(settings) as house:
        return await run_publish(house.targets, asked.file, sys.stdout)


async def _verify_draw(_settings: Settings, asked: argparse.Namespace) -> int:
    from server.draws.command import run_verify  # brings the pairing

    return await run_verify(asked.where, asked.pool, asked.json, sys.stdout)


async def _invite(settings: Settings, asked: argparse.Namespace) -> int:
    from server.people.command import run_invite

    async with serving.house(settings) as house:
        return await run_invite(
            house.people,
            Role(asked.role),
            asked.name,
            asked.department,
            asked.certificate,
            settings.base_url,
            sys.stdout,
        )


if __name__ == "__main__":
    sys.exit(main())

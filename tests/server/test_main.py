import re
import subprocess
import sys
import uuid
from dataclasses import fields

import pytest

from server.__main__ import main
from server.config import PREFIX, Settings
from tests.makers import CHECKLIST, register


@pytest.fixture
def place(monkeypatch, mongodb_uri, lasting_loop, leftovers, tmp_path):
    """A data directory and a database for commands, named by the environment as an operator names them."""
    name = f"test_{uuid.uuid4().hex}"
    for key, value in {"DATA_DIR": tmp_path / "data", "MONGODB_URI": mongodb_uri, "MONGODB_NAME": name}.items():
        monkeypatch.setenv(PREFIX + key, str(value))
    yield tmp_path
    lasting_loop.call_soon_threadsafe(leftovers.put_nowait, name)


def test_settings_prints_every_setting_with_its_sentence(capsys, monkeypatch):
    monkeypatch.setenv("SEETHROUGH_PORT", "9000")
    assert main(["settings"]) == 0
    out = capsys.readouterr().out
    assert "SEETHROUGH_PORT=9000" in out
    for f in fields(Settings):
        assert f"{PREFIX}{f.name.upper()}=" in out
        assert f.metadata["sentence"] in out


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "SEETHROUGH_PORT is “eighty”; it must be a whole number."),
        ("PORT", "70000", "SEETHROUGH_PORT is 70000; it must lie between 0 and 65535."),
        ("WEEKLY", "maybe", "SEETHROUGH_WEEKLY is “maybe”; it must be yes or no."),
        ("SAFETY_DELAY_SECONDS", "121", "SEETHROUGH_SAFETY_DELAY_SECONDS is 121.0; it must lie between 0 and 120."),
        ("SAFETY_DELAY_SECONDS", "soon", "SEETHROUGH_SAFETY_DELAY_SECONDS is “soon”; it must be a number."),
        ("TIMEZONE", "Mars/Base", "SEETHROUGH_TIMEZONE is “Mars/Base”; use a name such as Asia/Shanghai."),
        ("LOG_LEVEL", "loud", "SEETHROUGH_LOG_LEVEL is “loud”; use debug, info, warning or error."),
        (
            "PUBLIC_URL",
            "inspect.example",
            "SEETHROUGH_PUBLIC_URL is “inspect.example”; it begins with http:// or https://.",
        ),
        ("COLOUR", "red", "There is no setting SEETHROUGH_COLOUR. docs/settings.md lists them all."),
    ],
)
def test_a_bad_setting_is_one_sentence_and_exit_code_2(capsys, monkeypatch, name, value, sentence):
    monkeypatch.setenv(PREFIX + name, value)
    assert main(["serve"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"seethrough: {sentence}\n")


def test_a_bad_week_stops_the_start(place, capsys, monkeypatch):
    monkeypatch.setenv("SEETHROUGH_WEEKLY", "yes")
    monkeypatch.setenv("SEETHROUGH_WEEKLY_PLAN", "now")
    assert main(["serve"]) == 2
    assert capsys.readouterr().err == (
        "seethrough: SEETHROUGH_WEEKLY_PLAN is “now”; it has four moments, such as fri 10:00.\n"
    )


@pytest.mark.parametrize(
    "words", [[], ["fly"], ["targets"], ["targets", "import"], ["account", "invite", "--role", "x"]]
)
def test_words_that_are_no_command_print_the_usage(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: seethrough" in capsys.readouterr().err


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    for command in ("serve", "demo", "settings", "targets", "checklists", "account"):
        assert command in out


def test_an_invitation_is_a_link(place, capsys, monkeypatch):
    monkeypatch.setenv("SEETHROUGH_PUBLIC_URL", "https://inspect.example/")
    words = ["account", "invite", "--role", "inspector", "--name", "李检查", "--certificate", "T-1"]
    assert main(words) == 0
    assert re.search(r"^https://inspect\.example/invitations/[\w-]{43}$", capsys.readouterr().out, re.M)


def test_a_register_is_imported_and_every_row_accounted_for(place, capsys):
    file = place / "register.csv"
    file.write_bytes(register(3))
    words = ["targets", "import", str(file), "--format", "own"]
    assert main([*words, "--dry-run"]) == 0
    assert "dry run: nothing was written" in capsys.readouterr().out
    assert main(words) == 0
    assert re.search(r"^\s*3 added$", capsys.readouterr().out, re.M)
    assert main(words) == 0
    assert re.search(r"^\s*3 unchanged$", capsys.readouterr().out, re.M)


def test_refused_rows_are_exit_code_1(place, capsys):
    file = place / "register.csv"
    file.write_bytes(register(2) + "没有地址,,测试区,catering,,Z,T9\n".encode())
    assert main(["targets", "import", str(file), "--format", "own"]) == 1
    assert re.search(r"^\s*1 refused$", capsys.readouterr().out, re.M)


def test_a_checklist_is_published_once(place, capsys):
    for _ in range(2):
        assert main(["checklists", "publish", str(CHECKLIST)]) == 0
        assert "version 1 of “catering”" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_is_one_sentence_and_exit_code_2(place, capsys):
    missing = place / "nothing.csv"
    for words in (["targets", "import", str(missing), "--format", "own"], ["checklists", "publish", str(missing)]):
        assert main(words) == 2
        assert capsys.readouterr().err == f"seethrough: {missing} cannot be read (No such file or directory).\n"


def test_a_database_with_another_ledger_is_not_touched(place, monkeypatch):
    file = place / "register.csv"
    file.write_bytes(register(1))
    assert main(["targets", "import", str(file), "--format", "own"]) == 0
    running = []
    for command in ("serve", "demo"):
        monkeypatch.setenv("SEETHROUGH_DATA_DIR", str(place / command))
        words = [sys.executable, "-m", "server", command]
        running.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    for process in running:
        out, problem = process.communicate(timeout=30)
        assert (process.returncode, out) == (2, "")
        assert problem.startswith("seethrough: The ledger is kept as seethrough.invalid/ledger+")
        assert problem.count("\n") == 1


def test_python_dash_m_server_is_the_same_command():
    done = subprocess.run([sys.executable, "-m", "server", "settings"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "SEETHROUGH_HOST=127.0.0.1" in done.stdout

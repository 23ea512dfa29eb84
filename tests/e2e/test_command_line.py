"""What a person types wrong is one clear line and exit code 2, never a traceback."""

from pathlib import Path

import pytest
from local.cli import main

from shared.telemetry_schemas import schema_files
from tests.e2e.commands import run


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        (["demo", "--orderz", "3"], "--orderz"),
        (["demo", "--orders", "3"], "--orders"),
        (["demo", "--orders", "many"], "--orders"),
        (["demo", "--port", "99999"], "--port"),
        (["demo", "--orders-csv", "absent.csv"], "absent.csv"),
        (["demo", "extra"], "extra"),
        (["deploy"], "deploy"),
        (["fire"], "cron"),
        (["fire", "0 6 * * *"], "never ran"),
        (["replay", "run_1"], "never ran"),
        (["token", "--state", "absent"], "never ran"),
    ],
)
def test_a_wrong_argument_is_one_line(
    arguments: list[str], telling: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert telling in captured.err


async def test_a_wrong_setting_is_one_line_before_anything_starts(tmp_path: Path) -> None:
    state = tmp_path / "state"
    code, output = await run("demo", "--state", str(state), SHOP_TIMEZONE="Mars/Olympus")
    assert code == 2
    assert output.count("\n") == 1, output
    assert "SHOP_TIMEZONE" in output
    assert not (state / "postgres").exists()


async def test_a_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, output = await run("demo", "--state", str(tmp_path / "file" / "state"))
    assert (code, output.count("\n")) == (2, 1), output


async def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    code, output = await run(
        "serve",
        "--state",
        str(tmp_path / "state"),
        DATABASE_URL="postgres://nobody@127.0.0.1:1/none?sslmode=disable",
    )
    assert code == 1
    assert "Traceback" not in output
    assert output.splitlines()[-1].startswith("error: ")


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for command in ("demo", "smoke", "serve", "fire", "replay", "token", "schemas"):
        assert command in shown


def test_schemas_writes_the_generated_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schemas", str(tmp_path / "out")]) == 0
    written = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert written == schema_files()
    assert str(tmp_path / "out") in capsys.readouterr().out

"""Stands for Wrangler in the tests of provisioning: one account, kept in a JSON file."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

VALUED = {
    "--expire-days", "--connection-string", "--schema-file", "--type", "--bucket", "--namespace",
    "--table", "--compression", "--roll-interval", "--catalog-token", "--sql", "--per-page",
    "--domain", "--zone-id", "--env",
}  # fmt: skip
KINDS = {
    "queues info": "queue",
    "queues create": "queue",
    "r2 bucket info": "bucket",
    "r2 bucket create": "bucket",
    "r2 bucket lifecycle list": "rule",
    "r2 bucket lifecycle add": "rule",
    "r2 bucket domain list": "domain",
    "r2 bucket domain add": "domain",
    "kv namespace list": "kv",
    "kv namespace create": "kv",
    "hyperdrive list": "hyperdrive",
    "hyperdrive create": "hyperdrive",
    "basin catalog get": "catalog",
    "basin catalog enable": "catalog",
    "basin pipelines streams list": "stream",
    "basin pipelines streams create": "stream",
    "basin pipelines sinks list": "sink",
    "basin pipelines sinks create": "sink",
    "basin pipelines list": "pipeline",
    "basin pipelines create": "pipeline",
    "deploy -c": "deployment",
}
Account = dict[str, Any]


def words_of(arguments: list[str]) -> list[str]:
    """Return the arguments that are neither options nor their values."""
    words: list[str] = []
    value_follows = False
    for argument in arguments:
        if not value_follows and not argument.startswith("--"):
            words.append(argument)
        value_follows = not value_follows and argument in VALUED
    return words


def identifier(name: str) -> str:
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def listed(kind: str, names: list[str]) -> str:
    """Return a list as Wrangler prints one of this kind."""
    if kind == "hyperdrive":
        return "\n".join(f"│ {identifier(name)} │ {name} │ db.example.com │" for name in names)
    if kind == "rule":
        return "\n".join(f"name: {name}" for name in names)
    if kind == "domain":
        return "\n".join(f"domain:    {name}\nenabled:   Yes\n" for name in names)
    return json.dumps([{"name": n, "title": n, "id": identifier(n)} for n in names])


def run(account: Account, arguments: list[str]) -> tuple[int, str]:
    """Carry a command out; return its exit code and what it prints."""
    words = words_of(arguments)
    command = next((c for c in KINDS if words[: len(c.split())] == c.split()), None)
    if command is None:
        return 2, f"unknown command {' '.join(words)}"
    names: list[str] = account[KINDS[command]]
    rest = words[len(command.split()) :]
    verb = command.split()[-1]
    if verb == "list":
        return 0, listed(KINDS[command], names)
    if verb in {"info", "get"}:
        return (0, "Status: active") if rest[0] in names else (1, "not found")
    if command == "r2 bucket domain add":
        names.append(arguments[arguments.index("--domain") + 1])
    else:
        names.append(rest[1] if verb == "add" else rest[0])
    return 0, "done"


def main(file: Path, arguments: list[str]) -> int:
    account: Account = json.loads(file.read_text())
    account["log"].append(arguments)
    code, output = run(account, arguments)
    file.write_text(json.dumps(account))
    sys.stdout.write(output + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

"""One Cloudflare account and the configurations of one checkout."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from local.edge.wrangler import CONFIGURATIONS, ROOT, Wrangler

from tests.integration.edge.wrangler_account import KINDS

STAND_IN = Path(__file__).parent / "wrangler_account.py"
ACCOUNT = {
    "CLOUDFLARE_ACCOUNT_ID": "account-1",
    "CLOUDFLARE_API_TOKEN": "token-1",
    "CLOUDFLARE_ZONE_ID": "zone-1",
    "DATABASE_URL": "postgres://user:hidden@db.example.com/commerce",
    "CATALOG_TOKEN": "catalog-secret",
}


class Account:
    """One account and the configurations of one checkout."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.file = folder / "account.json"
        self.file.write_text(json.dumps({kind: [] for kind in {"log", *KINDS.values()}}))
        for name in CONFIGURATIONS:
            shutil.copy(ROOT / name, folder / name)
        self.shown: list[str] = []
        self.left: list[str] = []

    def wrangler(self, *, dry_run: bool = False) -> Wrangler:
        return Wrangler(
            dry_run=dry_run,
            show=self.shown.append,
            executable=(sys.executable, "-ES", str(STAND_IN), str(self.file)),
        )

    def read(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.file.read_text())
        return document

    def changes(self) -> list[list[str]]:
        words = {"create", "add", "enable"}
        return [arguments for arguments in self.read()["log"] if words.intersection(arguments)]

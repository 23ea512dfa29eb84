"""The runtime's own Python files, taken out of the workerd binary that Wrangler installs.

workerd carries them as text: the rules about entropy at import, the search path, and how entrypoint
classes are found and called. So the tests run what production runs, at the pinned version.
"""

import functools
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKS = {
    "_cloudflare/allow_entropy.py": b"# Control number of allowed entropy calls.",
    "_cloudflare/import_patch_manager.py": b"A metapath finder which calls get_import_context",
    "_cloudflare/entropy_import_context.py": b"Define import patches that are needed to fix top",
    "_cloudflare/entropy_patches.py": b"Handle the top level getentropy() mess:\n\nThe C stdlib",
    "_cloudflare_introspection.py": b"# The runtime imports this module from JavaScript under a",
    "_cloudflare_search_path.py": b'PYTHON_MODULES_PATH = "/session/metadata/python_modules"',
}


def workerd_binary() -> Path:
    """Return the workerd of this machine."""
    found = sorted((ROOT / "node_modules" / "@cloudflare").glob("workerd-*/bin/workerd*"))
    if not found:
        raise FileNotFoundError("node_modules has no workerd; run `npm ci`")
    return found[0]


@functools.cache
def runtime_files() -> dict[str, str]:
    """Return the text of each file by its path below site-packages."""
    binary = workerd_binary().read_bytes()
    files = {name: _text_around(binary, mark) for name, mark in MARKS.items()}
    return {**files, "_cloudflare/__init__.py": ""}


def _text_around(binary: bytes, mark: bytes) -> str:
    at = binary.find(mark)
    if at < 0 or binary.find(mark, at + 1) >= 0:
        raise LookupError(f"workerd has no single file with {mark!r}; update tests/wasm")
    start = binary.rfind(b"\0", 0, at) + 1
    return binary[start : binary.index(b"\0", at)].decode()

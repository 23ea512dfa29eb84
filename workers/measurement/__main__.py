"""`python -m measurement`: the measurement engine as a process, in the container or beside it.

CATALOG_URI, CATALOG_WAREHOUSE, CATALOG_TOKEN and MEASUREMENT_TOKEN are required. HOST and PORT say
where it listens (127.0.0.1:8812), STAGING where it works (.local/measurement), LAKE_READER how it
reads the lake: `files` where they are on this machine (the default), else `extensions`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import uvicorn
from pyiceberg.exceptions import RESTError
from requests import RequestException

from measurement.app import MeasurementBindings, create_app
from measurement.jobs import Jobs
from shared import log
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.extension_reader import CatalogAccess, ExtensionReader
from shared.adapters.lake.measurement import LakeMeasurement
from shared.adapters.lake.readers import PlannedReader, TableReader
from shared.errors import SettingsInvalid

REQUIRED: Final = ("CATALOG_URI", "CATALOG_WAREHOUSE", "CATALOG_TOKEN", "MEASUREMENT_TOKEN")
GRACE_SECONDS: Final = 25


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Serve until told to stop; a job that runs then is finished first."""
    log.configure()
    try:
        bindings = bindings_of(environment)
    except (SettingsInvalid, RESTError, RequestException) as error:
        sys.stderr.write(f"measurement: {str(error).splitlines()[0]}\n")
        return 1
    uvicorn.run(
        create_app(bindings),
        host=environment.get("HOST", "127.0.0.1"),
        port=int(environment.get("PORT", "8812")),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return 0


def bindings_of(environment: Mapping[str, str]) -> MeasurementBindings:
    """Open the catalog and return what the application holds.

    Raises:
        SettingsInvalid: Names every key that is missing.
    """
    missing = [name for name in REQUIRED if not environment.get(name)]
    if missing:
        raise SettingsInvalid(", ".join(f"{name} is required" for name in missing))
    uri, warehouse, token, bearer = (environment[name] for name in REQUIRED)
    folder = Path(environment.get("STAGING", ".local/measurement"))
    objects = DirectoryObjectStore(folder / "objects")
    reader = _reader(environment, CatalogAccess(uri, warehouse, token))
    catalog = load_catalog(uri, warehouse, token)
    engine = LakeMeasurement(catalog, objects, folder / "staging", reader=reader)
    return MeasurementBindings(engine, objects, folder / "inbox", bearer, Jobs())


def _reader(environment: Mapping[str, str], access: CatalogAccess) -> TableReader:
    name = environment.get("LAKE_READER") or "files"
    if name == "files":
        return PlannedReader()
    if name == "extensions":
        return ExtensionReader(access)
    raise SettingsInvalid(f"LAKE_READER is files or extensions, not {name!r}")


if __name__ == "__main__":
    raise SystemExit(main())

"""Opens the Iceberg REST catalog, local or R2's: the same client for both."""

from __future__ import annotations

from typing import Final

from pyiceberg.catalog.rest import RestCatalog
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

TIMEOUT_SECONDS: Final = 60.0
"""R2's catalog gives up after 40 s; an answer that comes later than this will not come."""


class _Patient(HTTPAdapter):
    """Gives every request a timeout, which the catalog client does not do by itself."""

    def send(  # type: ignore[override]
        self, request: PreparedRequest, **options: object
    ) -> Response:
        if options.get("timeout") is None:
            options["timeout"] = TIMEOUT_SECONDS
        return super().send(request, **options)  # type: ignore[arg-type]


class LakeCatalog(RestCatalog):
    """An Iceberg REST catalog whose requests end."""

    def _create_session(self) -> Session:
        session = super()._create_session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Patient())
        return session


def load_catalog(uri: str, warehouse: str, token: str) -> LakeCatalog:
    """Open the catalog. It is safe to use from several threads; close it when done.

    Raises:
        pyiceberg.exceptions.RESTError: The catalog refuses the token or the warehouse.
        requests.RequestException: The catalog does not answer.
    """
    return LakeCatalog("lake", uri=uri, warehouse=warehouse, token=token)

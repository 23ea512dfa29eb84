"""Keeps the local catalog: pyiceberg's SqlCatalog on SQLite, with commits over several tables."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pyiceberg.catalog.rest import CreateTableRequest
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.table import CommitTableRequest, CommitTableResponse, StagedTable, Table
from pyiceberg.table.metadata import TableMetadata, new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.typedef import Identifier
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


class CatalogStore(SqlCatalog):
    """A catalog in one directory: `catalog.sqlite` and the tables' files under `warehouse/`."""

    def __init__(self, directory: Path) -> None:
        warehouse = directory.resolve() / "warehouse"
        warehouse.mkdir(parents=True, exist_ok=True)
        super().__init__(
            "local",
            uri=f"sqlite:///{directory.resolve() / 'catalog.sqlite'}",
            warehouse=_uri(warehouse),
        )
        self.warehouse = warehouse
        self._writing = threading.Lock()

    def metadata_text(self, identifier: Identifier) -> tuple[str, str]:
        """Return the location and text of the table's metadata, or raise NoSuchTableError."""
        statement = select(IcebergTables.metadata_location).where(
            IcebergTables.table_namespace == ".".join(identifier[:-1]),
            IcebergTables.table_name == identifier[-1],
        )
        with Session(self.engine) as session:
            location = session.scalar(statement)
        if location is None:
            raise NoSuchTableError(f"Table does not exist: {'.'.join(identifier)}")
        return location, _path(location).read_text(encoding="utf-8")

    def add(self, identifier: Identifier, metadata: TableMetadata) -> None:
        """Create a table that starts with this metadata, or raise TableAlreadyExistsError."""
        location = f"{metadata.location}/metadata/00000-{uuid.uuid4()}.metadata.json"
        io = self._load_file_io(metadata.properties, location)
        new = StagedTable(identifier, metadata, location, io, self)
        with self._writing, Session(self.engine) as session:
            self._write_metadata(metadata, io, location)
            self._point(session, None, new)
            session.commit()

    def staged(self, namespace: Identifier, request: CreateTableRequest) -> TableMetadata:
        """Return the metadata that a table of this request starts with, without creating it.

        Raises:
            NoSuchNamespaceError: There is no such namespace.
            TableAlreadyExistsError: The table exists.
            ValueError: The location is outside the warehouse, or holds files.
        """
        if not self.namespace_exists(namespace):
            raise NoSuchNamespaceError(f"Namespace does not exist: {'.'.join(namespace)}")
        if self.table_exists((*namespace, request.name)):
            raise TableAlreadyExistsError(f"Table {request.name} already exists")
        location = (request.location or f"{_uri(self.warehouse)}/{uuid.uuid4()}").rstrip("/")
        self._prepare(location)
        return new_table_metadata(
            location=location,
            schema=request.table_schema,
            partition_spec=request.partition_spec or UNPARTITIONED_PARTITION_SPEC,
            sort_order=request.write_order or UNSORTED_SORT_ORDER,
            properties=request.properties,
        )

    def commit(self, changes: Sequence[CommitTableRequest]) -> list[CommitTableResponse]:
        """Apply the changes to all their tables, or to none.

        Raises:
            CommitFailedException: A requirement does not hold.
        """
        with self._writing:
            pairs = [self._stage(change) for change in changes]
            changed = [(old, new) for old, new in pairs if old is None or _changed(old, new)]
            for _, new in changed:
                self._write_metadata(new.metadata, new.io, new.metadata_location)
            with Session(self.engine) as session:
                for old, new in changed:
                    self._point(session, old, new)
                session.commit()
        return [
            CommitTableResponse.model_validate(
                {"metadata": new.metadata, "metadata-location": _location_of(old, new)}
            )
            for old, new in pairs
        ]

    def _stage(self, change: CommitTableRequest) -> tuple[Table | None, StagedTable]:
        identifier = (*change.identifier.namespace.root, change.identifier.name)
        try:
            current = self.load_table(identifier)
        except NoSuchTableError:
            if not any(need.type == "assert-create" for need in change.requirements):
                raise
            current = None
        return current, self._update_and_stage_table(
            current, identifier, change.requirements, change.updates
        )

    def _point(self, session: Session, old: Table | None, new: StagedTable) -> None:
        namespace, name = ".".join(new.name()[:-1]), new.name()[-1]
        if old is None:
            row = self._create_table_row(namespace, name, new.metadata_location)
            try:
                session.execute(insert(IcebergTables).values(**row))
            except IntegrityError as error:
                raise TableAlreadyExistsError(f"Table {name} already exists") from error
            return
        moved = session.execute(
            update(IcebergTables)
            .where(
                IcebergTables.table_namespace == namespace,
                IcebergTables.table_name == name,
                IcebergTables.metadata_location == old.metadata_location,
            )
            .values(
                metadata_location=new.metadata_location,
                previous_metadata_location=old.metadata_location,
            )
            .returning(IcebergTables.table_name)
        ).all()
        if not moved:
            raise CommitFailedException(f"{namespace}.{name} has changed meanwhile")

    def _prepare(self, location: str) -> None:
        """Make the directories of a new table, as some clients write files without doing so."""
        path = _path(location).resolve()
        if not location.startswith("file://") or not path.is_relative_to(self.warehouse):
            raise ValueError(f"{location} is not in the warehouse")
        if path.exists() and any(file.is_file() for file in path.rglob("*")):
            raise ValueError(f"{location} is not empty")
        for part in ("metadata", "data"):
            (path / part).mkdir(parents=True, exist_ok=True)


def _location_of(old: Table | None, new: StagedTable) -> str:
    """Return where the metadata is: an update that changes nothing leaves it where it was."""
    return new.metadata_location if old is None or _changed(old, new) else old.metadata_location


def _changed(old: Table, new: StagedTable) -> bool:
    return old.metadata != new.metadata


def _uri(path: Path) -> str:
    return f"file://{path}"  # not as_uri(): the clients do not decode what it would encode


def _path(location: str) -> Path:
    return Path(urlsplit(location).path)

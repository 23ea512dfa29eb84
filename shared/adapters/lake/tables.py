"""Creates the lake's namespaces and telemetry tables, and lets them follow the event classes."""

from __future__ import annotations

from typing import Final

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.typedef import Identifier

from shared.adapters.lake.schemas import day_partition, iceberg_schema
from shared.errors import NonRetryable
from shared.telemetry import EVENTS, Stream

NAMESPACES: Final = ("commerce", "publication", "sync", "measurement", "configuration")

TABLE_PROPERTIES: Final = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # A rewrite that replaces files may commit next to appends; what it replaced must be there.
    "write.update.isolation-level": "snapshot",
    "write.delete.isolation-level": "snapshot",
    # The retries are ours (commits.py): the client's would repeat a commit whose answer was lost.
    "commit.retry.num-retries": "0",
    "commit.manifest-merge.enabled": "true",
}
_DEFAULT: Final = "table-default."
"""What a catalog's configuration puts before the properties it wants new tables to have."""


TELEMETRY: Final = "telemetry"


class SchemaDrift(NonRetryable):
    """A table's columns do not fit what the code writes, and cannot be made to."""


def telemetry_table(stream: Stream) -> Identifier:
    """Return the name of the table that a stream lands in."""
    return (stream, TELEMETRY)


def ensure_tables(catalog: Catalog) -> None:
    """Create the namespaces and telemetry tables of a local lake, or add the columns they lack.

    In production the sinks of Pipelines make the telemetry tables, and refuse one that exists.

    Raises:
        SchemaDrift: A column has another type than the event class, or a required one is missing.
    """
    for namespace in NAMESPACES:
        catalog.create_namespace_if_not_exists(namespace)
    for stream, model in EVENTS.items():
        schema = iceberg_schema(model)
        ensure_table(catalog, telemetry_table(stream), schema, day_partition(schema))


def ensure_table(
    catalog: Catalog,
    identifier: Identifier,
    schema: Schema,
    partition: PartitionSpec = UNPARTITIONED_PARTITION_SPEC,
) -> Table:
    """Return the table, created if it is not there, evolved if it lacks optional columns.

    Raises:
        SchemaDrift: The table's columns cannot be made to fit.
    """
    try:
        table = catalog.load_table(identifier)
    except NoSuchTableError:
        try:
            return catalog.create_table(
                identifier, schema, partition_spec=partition, properties=_properties(catalog)
            )
        except TableAlreadyExistsError:  # another process was faster
            table = catalog.load_table(identifier)
    return _evolved(table, schema)


def _properties(catalog: Catalog) -> dict[str, str]:
    wanted = {
        name.removeprefix(_DEFAULT): value
        for name, value in catalog.properties.items()
        if name.startswith(_DEFAULT)
    }
    return TABLE_PROPERTIES | wanted


def _evolved(table: Table, wanted: Schema) -> Table:
    present = {field.name: field for field in table.schema().fields}
    missing = [field for field in wanted.fields if field.name not in present]
    name = ".".join(table.name())
    for field in wanted.fields:
        held = present.get(field.name)
        if held is None and field.required:
            raise SchemaDrift(f"{name}.{field.name} is new: it must be optional")
        if held is not None and str(held.field_type) != str(field.field_type):
            detail = f"is {held.field_type}, the code writes {field.field_type}"
            raise SchemaDrift(f"{name}.{field.name} {detail}")
        if held is not None and held.required and not field.required:
            raise SchemaDrift(f"{name}.{field.name} is required, the code writes nulls")
    if missing:
        with table.update_schema() as update:
            for field in missing:
                update.add_column(field.name, field.field_type)
    return table

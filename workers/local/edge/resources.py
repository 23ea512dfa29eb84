"""What an environment consists of on Cloudflare beside its Workers: the list, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from local.edge.wrangler import ROOT
from shared.telemetry import Stream

STREAMS: Final[tuple[Stream, ...]] = ("commerce", "publication", "sync")
LIFECYCLE_DAYS: Final[Mapping[str, int]] = {
    "archives/": 30,
    "exports/": 90,
    "inbox/": 14,
    "dead-letters/": 14,
}
ROLL_SECONDS: Final = "300"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of an environment's resources; production has the plain ones."""

    environment: str

    def of(self, name: str, separator: str = "-") -> str:
        """Return a resource's name in this environment."""
        if self.environment == "production":
            return name
        return f"{name}{separator}{self.environment}".replace("-", separator)

    @property
    def queues(self) -> tuple[str, ...]:
        """Return the queues."""
        return (self.of("ingest-queue"), self.of("ingest-dlq"))

    @property
    def archive(self) -> str:
        """Return the private bucket."""
        return self.of("commerce-archive")

    @property
    def assets(self) -> str:
        """Return the public bucket."""
        return self.of("commerce-assets")

    @property
    def lake(self) -> str:
        """Return the bucket of the Iceberg catalog."""
        return self.of("commerce-lake")

    @property
    def cache(self) -> str:
        """Return the KV namespace."""
        return f"commerce-cache-{self.environment}"

    @property
    def hyperdrive(self) -> str:
        """Return the Hyperdrive configuration."""
        return f"commerce-{self.environment}"

    def stream(self, stream: Stream) -> str:
        """Return a stream's name: Pipelines allows letters, digits and underscores."""
        return f"{stream}_telemetry_{self.environment}"

    def pipeline_sql(self, stream: Stream) -> str:
        """Return the generated SQL with this environment's stream and sink."""
        plain = f"{stream}_telemetry"
        text = (ROOT / "pipelines" / f"{plain}.sql").read_text(encoding="utf-8")
        return text.replace(plain, self.stream(stream)).strip()

"""The faults of one bulk operation: how it ends, and what is wrong with its file and counters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.shopify.faults import Fault, Faults
from shared.ports import JsonObject

_OUTCOMES = {
    Fault.BULK_FAILED: "FAILED",
    Fault.BULK_FAILED_WITH_PARTIAL: "FAILED",
    Fault.BULK_ACCESS_DENIED: "FAILED",
    Fault.BULK_CANCELED: "CANCELED",
    Fault.BULK_EXPIRED: "EXPIRED",
}
_STATUS_FIELDS = ("displayFinancialStatus", "status")
DRAWN = (
    *_OUTCOMES,
    Fault.BULK_NEVER_ENDS,
    Fault.BULK_DELAYED,
    Fault.FILE_TRUNCATED,
    Fault.FILE_CUT_AT_LINE,
    Fault.FILE_CRLF,
    Fault.FILE_BLANK_LINES,
    Fault.FILE_UNKNOWN_ENUM,
    Fault.FILE_NULL_CHILD,
    Fault.WRONG_OBJECT_COUNT,
    Fault.WRONG_ROOT_COUNT,
    Fault.WRONG_FILE_SIZE,
    Fault.URL_EXPIRED,
)


@dataclass(slots=True)
class Trouble:
    """What befalls one bulk operation."""

    faults: frozenset[Fault]

    @classmethod
    def draw(cls, faults: Faults) -> Trouble:
        """Take from the handle what is due for the next operation."""
        return cls(frozenset(fault for fault in DRAWN if faults.take(fault)))

    def has(self, fault: Fault) -> bool:
        """Return whether a fault befalls the operation."""
        return fault in self.faults

    def outcome(self) -> str:
        """Return the final status."""
        return next((status for fault, status in _OUTCOMES.items() if self.has(fault)), "COMPLETED")

    def error_code(self) -> str | None:
        """Return the error code of an operation that did not complete."""
        if self.has(Fault.BULK_ACCESS_DENIED):
            return "ACCESS_DENIED"
        return "INTERNAL_SERVER_ERROR" if self.outcome() == "FAILED" else None

    def change(self, row: JsonObject, is_root: bool) -> JsonObject:
        """Put an unknown enum or null children into a row."""
        if self.has(Fault.FILE_UNKNOWN_ENUM) and is_root:
            for name in _STATUS_FIELDS:
                if name in row:
                    row[name] = "NEVER_SEEN_BEFORE"
        if self.has(Fault.FILE_NULL_CHILD):
            _put_nulls(row, is_root=is_root)
        return row

    def damage(self, path: Path) -> int:
        """Damage the file as the faults say; return the size that Shopify will claim."""
        if self.has(Fault.FILE_CRLF) or self.has(Fault.FILE_BLANK_LINES):
            end = b"\r\n" if self.has(Fault.FILE_CRLF) else b"\n"
            gap = end if self.has(Fault.FILE_BLANK_LINES) else b""
            lines = path.read_bytes().splitlines()
            path.write_bytes(b"".join(line + end + gap for line in lines))
        size = path.stat().st_size
        if self.has(Fault.FILE_TRUNCATED):
            with path.open("r+b") as file:
                file.truncate(size * 2 // 3)
        if self.has(Fault.FILE_CUT_AT_LINE):
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(lines[: len(lines) // 2]))
            size = path.stat().st_size
        return size + self.has(Fault.WRONG_FILE_SIZE)


def _put_nulls(row: JsonObject, *, is_root: bool) -> None:
    for name, value in row.items():
        if is_root and isinstance(value, list) and value and isinstance(value[0], dict):
            value.append(None)
        elif not is_root and name in {"product", "variant", "discountAllocations", "taxLines"}:
            row[name] = None

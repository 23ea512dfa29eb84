"""What can go wrong, on demand: the next n times, or by chance. Everything is off by default."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from local.shopify.generate.randomness import stream


class Fault(StrEnum):
    """One kind of trouble."""

    HTTP_401 = "http_401"
    HTTP_402 = "http_402"
    HTTP_423 = "http_423"
    HTTP_429 = "http_429"
    HTTP_430 = "http_430"
    HTTP_500 = "http_500"
    HTTP_502 = "http_502"
    HTTP_503 = "http_503"
    INTERNAL_ERROR = "internal_error"
    THROTTLED = "throttled"
    WRONG_VERSION = "wrong_version"
    REDIRECT = "redirect"
    BULK_FAILED = "bulk_failed"
    BULK_FAILED_WITH_PARTIAL = "bulk_failed_with_partial"
    BULK_ACCESS_DENIED = "bulk_access_denied"
    BULK_CANCELED = "bulk_canceled"
    BULK_EXPIRED = "bulk_expired"
    BULK_NEVER_ENDS = "bulk_never_ends"
    BULK_DELAYED = "bulk_delayed"
    FILE_TRUNCATED = "file_truncated"
    FILE_CUT_AT_LINE = "file_cut_at_line"
    FILE_CRLF = "file_crlf"
    FILE_BLANK_LINES = "file_blank_lines"
    FILE_UNKNOWN_ENUM = "file_unknown_enum"
    FILE_NULL_CHILD = "file_null_child"
    WRONG_OBJECT_COUNT = "wrong_object_count"
    WRONG_ROOT_COUNT = "wrong_root_count"
    WRONG_FILE_SIZE = "wrong_file_size"
    URL_EXPIRED = "url_expired"
    DOWNLOAD_DROPPED = "download_dropped"
    DOWNLOAD_500 = "download_500"
    WEBHOOK_DUPLICATED = "webhook_duplicated"
    WEBHOOK_DELAYED = "webhook_delayed"
    WEBHOOK_BAD_SIGNATURE = "webhook_bad_signature"


class Faults:
    """The handle by which tests make trouble."""

    def __init__(self, seed: int = 0) -> None:
        self._next: Counter[Fault] = Counter()
        self._chance: dict[Fault, float] = {}
        self._random = stream(seed, 71, 0)
        self.taken: Counter[Fault] = Counter()

    def inject(self, fault: Fault | str, times: int = 1) -> None:
        """Let a fault happen the next `times` times it can."""
        self._next[Fault(fault)] += times

    def chance(self, fault: Fault | str, probability: float) -> None:
        """Let a fault happen by chance, 0 to switch it off."""
        self._chance[Fault(fault)] = probability

    def clear(self) -> None:
        """Switch everything off."""
        self._next.clear()
        self._chance.clear()

    def take(self, fault: Fault) -> bool:
        """Return whether the fault happens now, using up one injected time."""
        if self._next[fault] > 0:
            self._next[fault] -= 1
        elif not (self._chance.get(fault) and self._random.random() < self._chance[fault]):
            return False
        self.taken[fault] += 1
        return True

    def first(self, faults: tuple[Fault, ...]) -> Fault | None:
        """Return the first of these faults that happens now."""
        return next((fault for fault in faults if self.take(fault)), None)

"""Points: the leaky bucket, and what costs what."""

from __future__ import annotations

from local.shopify.queries.cost import Throttle


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class TestThrottle:
    def test_spending_more_than_there_is_fails_and_takes_nothing(self):
        bucket = Throttle(100, 10, Stopwatch())
        assert bucket.spend(60)
        assert not bucket.spend(60)
        assert bucket.available() == 40

    def test_points_come_back_with_time_up_to_the_maximum(self):
        watch = Stopwatch()
        bucket = Throttle(100, 10, watch)
        bucket.drain()
        watch.seconds = 3
        assert bucket.available() == 30
        watch.seconds = 300
        assert bucket.available() == 100

    def test_unused_points_are_given_back(self):
        bucket = Throttle(100, 10, Stopwatch())
        bucket.spend(50)
        bucket.give_back(20)
        assert bucket.available() == 70

    def test_the_report_has_shopifys_shape(self):
        assert Throttle(2_000, 100, Stopwatch()).report(12, 10) == {
            "requestedQueryCost": 12,
            "actualQueryCost": 10,
            "throttleStatus": {
                "maximumAvailable": 2000.0,
                "currentlyAvailable": 2000,
                "restoreRate": 100.0,
            },
        }

"""`python -m bench [NAME ...] [--quick]`: runs the benches and writes what they found."""

from __future__ import annotations

import argparse
import signal
import sys

from bench.report import print_outcome, write_results
from bench.runs import BENCHES, BenchFailed, run_bench


def main() -> int:
    """Run the named benches, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small and once: shows that the benches run, and writes no results",
    )
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in BENCHES]:
        print(f"no bench is called {unknown[0]!r}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the bench is ended too
    for name in asked.names or BENCHES:
        try:
            outcome = run_bench(name, quick=asked.quick)
        except BenchFailed as failure:
            print(failure, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
        print_outcome(outcome)
        if not asked.quick:
            write_results(name, outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main())

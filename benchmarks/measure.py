"""Measures the product against a limit: both in turn, several times, and the medians of the pairs.

The two take turns so that a busy or slow machine hits both alike; the ratio is what counts.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

Work = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians over the runs, in seconds. `cpu` counts what its clock counts: by default this
    process alone, not the database's.
    """

    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ratio` is the median of product / limit within each pair of runs."""

    limit: Timing
    product: Timing
    ratio: float
    runs: int
    peak_mb: float

    def __str__(self) -> str:
        return "\n".join(
            (
                f"limit    {self.limit.seconds:8.3f} s   CPU {self.limit.cpu:8.3f} s",
                f"product  {self.product.seconds:8.3f} s   CPU {self.product.cpu:8.3f} s",
                f"ratio    {self.ratio:8.2f} x   (median of {self.runs} pairs)",
                f"peak     {self.peak_mb:8.0f} MB of this process, start to end",
            )
        )


def alternate(
    limit: Work,
    product: Work,
    *,
    runs: int = 5,
    reset: Work = lambda: None,
    clock: Clock = time.process_time,
) -> Comparison:
    """Run `limit` and `product` in turn, after one unmeasured run of each; `reset` undoes each,
    unmeasured. `clock` tells the CPU seconds used so far, where this process is not all.
    """
    pairs = []
    for run in range(runs + 1):
        timings = []
        for work in (limit, product):
            timings.append(_time(work, clock))
            reset()
        if run:
            pairs.append(tuple(timings))
    return Comparison(
        limit=_median([pair[0] for pair in pairs]),
        product=_median([pair[1] for pair in pairs]),
        ratio=statistics.median(product.seconds / limit.seconds for limit, product in pairs),
        runs=runs,
        peak_mb=peak_mb(),
    )


def apart(work: Work) -> None:
    """Do it in another process, so that its memory does not count as this one's.

    A test database of SQLite lives in this one's memory, so there it does count.
    """
    if connection.vendor == "sqlite":
        work()
        return
    connection.close()
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    if child.exitcode:
        raise RuntimeError(f"{work} ended with {child.exitcode}")


def peak_mb() -> float:
    """The most memory this process ever held, in MB (Linux counts in KB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _time(work: Work, clock: Clock) -> Timing:
    cpu, start = clock(), time.perf_counter()
    work()
    return Timing(time.perf_counter() - start, clock() - cpu)


def _median(timings: list[Timing]) -> Timing:
    return Timing(
        statistics.median(timing.seconds for timing in timings),
        statistics.median(timing.cpu for timing in timings),
    )

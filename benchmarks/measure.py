"""Measures the product against a limit: both in turn, several times, and the medians of the pairs.

The two take turns so that a busy or slow machine hits both alike; the ratio is what counts.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

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


@contextmanager
def filled(fill: Work) -> Iterator[None]:
    """A database of its own (a test database), filled, dropped at the end.

    On PostgreSQL another process makes it, so that neither the migrations nor the filling count as
    memory of this one.
    """
    if connection.vendor == "sqlite":
        databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
        try:
            fill()
            yield
        finally:
            teardown_databases(databases, verbosity=0)
        return
    name = connection.settings_dict["NAME"]
    child = multiprocessing.get_context("fork").Process(target=_make, args=[fill])
    child.start()
    child.join()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = f"test_{name}"
    try:
        if child.exitcode:
            raise RuntimeError(f"The database could not be filled ({child.exitcode}).")
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def _make(fill: Work) -> None:
    setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
    fill()


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

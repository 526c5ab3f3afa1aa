"""A Dask cluster of worker processes on this machine, for tests, and a way to kill one of them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import distributed

Cluster: Any = distributed.LocalCluster
Client: Any = distributed.Client


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """The address of the scheduler."""
    with Cluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster:
        yield cluster.scheduler_address


def kill_busy_worker(address: str) -> bool:
    """Kill a worker that has work with SIGKILL; False where none has."""
    with Client(address, set_as_default=False) as client:
        busy = [worker for worker, tasks in client.processing().items() if tasks]
        if busy:
            os.kill(client.run(os.getpid)[busy[0]], signal.SIGKILL)
        return bool(busy)

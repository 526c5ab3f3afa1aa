"""A cluster does what one machine does, and says what is wrong where it can not."""

import os
import signal
from pathlib import Path

import pytest
from joblib import Parallel, delayed

from tests.training.cluster import local_cluster
from training.workers import ClusterError, side_by_side


def die_once(marker: Path) -> int:
    """End the process that this runs in, the first time."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_work_of_a_killed_worker_is_done_again(scheduler: str, tmp_path: Path) -> None:
    with side_by_side(1, scheduler):
        done = Parallel()(delayed(die_once)(tmp_path / str(number % 2)) for number in range(8))
    assert os.getpid() not in done
    assert len(done) == 8


def test_deadly_work_is_told_and_not_awaited(scheduler: str) -> None:
    with pytest.raises(ClusterError, match="memory"), side_by_side(1, scheduler):
        Parallel()(delayed(die)() for _ in range(1))


def test_failure_of_the_work_itself_is_raised(scheduler: str) -> None:
    with pytest.raises(ZeroDivisionError), side_by_side(1, scheduler):
        Parallel()(delayed(divmod)(1, 0) for _ in range(3))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://"])
def test_absent_scheduler_is_told(address: str) -> None:
    with pytest.raises(ClusterError, match="No Dask scheduler answers"), side_by_side(1, address):
        pass


def test_cluster_of_one_does_the_work_itself() -> None:
    with local_cluster(1) as address, side_by_side(1, address):
        assert os.getpid() not in Parallel()(delayed(os.getpid)() for _ in range(2))

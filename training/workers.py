"""Where the parts of a work run side by side: on this machine's cores, or on a Dask cluster.

It knows nothing of the work. Inside of ``side_by_side`` every ``joblib.Parallel`` runs there.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from joblib import parallel_config

if TYPE_CHECKING:
    from joblib.parallel import ParallelBackendBase

_CONNECT_S, _WORKERS_S = 10, 60
EXTRA = "pip install 'comment-moderation[scale]'"
"""What installs the libraries that a cluster and Parquet files need."""


class ClusterError(Exception):
    """A cluster that can not be used, or that lost the work; the text says what to do."""


@contextmanager
def side_by_side(jobs: int, dask: str | None) -> Iterator[None]:
    """Let what runs inside use ``jobs`` cores, or all workers of the Dask scheduler at the address ``dask``.

    A worker that dies costs what it was at: others do that again. Raises ClusterError.
    """
    if dask is None:
        with parallel_config(n_jobs=jobs):
            yield
        return
    try:
        from distributed import Client, KilledWorker
        from distributed.client import FutureCancelledError
    except ImportError:
        raise ClusterError(f"--dask needs Dask, which is not installed: {EXTRA}") from None
    connect: Any = Client  # it has types, but not for this
    try:
        client = connect(dask, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"No Dask scheduler answers at {dask}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WORKERS_S)
        except TimeoutError:
            raise ClusterError(f"No worker is at the Dask scheduler {dask}: start some with `dask worker`.") from None
        try:
            with parallel_config(backend=_backend(client)):
                yield
        except KilledWorker as error:
            raise ClusterError(
                "One part of the work ended several workers, perhaps for want of memory: give them more."
                " The same command goes on from what is done."
            ) from error
        except (FutureCancelledError, TimeoutError) as error:
            raise ClusterError(f"The cluster at {dask} is gone; the same command goes on from what is done.") from error
        except ImportError as error:
            raise ClusterError(f"A worker of {dask} lacks what this needs: {error}. Install it there too.") from error


def _backend(client: Any) -> "ParallelBackendBase":
    """joblib's Dask backend, which waits for ever where the scheduler itself gives a task up, without that wait."""
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):  # type: ignore[misc]  # joblib ships no types
        """Tells joblib of tasks that ended without an answer."""

        def effective_n_jobs(self, n_jobs: int) -> int:
            """How many tasks run at once. With one, joblib would do all here and nothing on the cluster."""
            return max(2, int(super().effective_n_jobs(n_jobs)))

        def submit(self, func: object, callback: Callable[[object], None]) -> Future[object]:
            """Send a batch of tasks to the cluster."""
            future: Future[object] = super().submit(func, callback)

            def tell(done: Future[object]) -> None:
                error = done.exception()
                if error is not None:
                    callback(error)

            future.add_done_callback(tell)
            return future

        def retrieve_result_callback(self, out: object) -> object:
            """What the batch gave. Raises what ended it."""
            if isinstance(out, BaseException):
                raise out
            return super().retrieve_result_callback(out)

    return Backend(client=client)

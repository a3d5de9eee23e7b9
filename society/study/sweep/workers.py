"""The workers of a sweep: processes of this machine, or those of a scheduler of dask's."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from society.ground.errors import SocietyError
from society.study.run.interruption import Interruption
from society.study.sweep.deaths import silent_tracker, start_deaf_to_ctrl_c
from society.study.sweep.worker import run_jobs


@contextmanager
def workers_of(count: int | None, on: str | None, most: int) -> Iterator[Any]:
    """A client of workers with one thread each: on this machine, or those of a scheduler.

    Args:
        count: workers on this machine; its cores if absent.
        on: address of a scheduler, in place of workers here.
        most: workers that have something to do.

    Raises:
        SocietyError: ``distributed`` is not installed.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
        from distributed.utils import get_mp_context
    except ImportError:
        raise SocietyError("society sweep needs distributed: pip install 'plural-society[sweep]'") from None
    if on is not None:
        with Client(on, timeout=30) as client:
            yield client
        return
    count = min(count or os.cpu_count() or 1, most)
    settings = {
        "distributed.worker.daemon": True, "distributed.admin.log-format": "%(message)s",
        "distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "500 ms",  # a tenth of the time
        "distributed.worker.multiprocessing-method": "forkserver",  # modules are loaded once for all workers
    }  # fmt: skip
    with dask.config.set(settings), silent_tracker(), ExitStack() as opened:
        get_mp_context().set_forkserver_preload([run_jobs.__module__, "distributed.nanny"])
        with Interruption(lambda: False) as pressed:  # workers that are half started cannot be ended in order
            start_deaf_to_ctrl_c()
            cluster = LocalCluster(
                n_workers=count, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
            )
            client = opened.enter_context(Client(opened.enter_context(cluster)))
        pressed.check()
        yield client

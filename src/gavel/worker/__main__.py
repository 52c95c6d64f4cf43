"""`python -m gavel.worker`: the parts of the process, in the order in which they start.

Exit status 3: the sandbox cannot enforce a limit on this machine, so that nothing may run here.
"""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

from gavel.bus.registry import WorkerRegistry
from gavel.judging.deployment import Deployment
from gavel.rpc.names import worker_name
from gavel.rpc.server import Server, run
from gavel.sandbox import Sandbox, SandboxUnavailable
from gavel.settings import shown
from gavel.storage.objects import Objects
from gavel.telemetry import setup
from gavel.telemetry.log import logger
from gavel.telemetry.metrics import serve_metrics
from gavel.worker.engine import WorkerEngine
from gavel.worker.process import Worker
from gavel.worker.servicer import SERVICE, WorkerServicer
from gavel.worker.settings import Settings
from gavel.worker.v1 import worker_pb2, worker_service_pb2_grpc

EXIT_NO_SANDBOX: Final = 3
SERVER_GRACE_S: Final = 1.0
_log: Final = logger("gavel.worker")


async def main(stop: asyncio.Event) -> None:
    """Starts the parts, waits for the stop, and stops them in reverse."""
    settings = Settings.from_environment(os.environ)
    setup("worker", settings.name, settings.log_level)
    _log.info("starting", **shown(settings))
    state = Path(settings.state_dir)
    slots = settings.slots or len(os.sched_getaffinity(0))
    async with AsyncExitStack() as parts:
        # Before any gRPC object exists, and on the main thread: the kernel ends it when that thread ends.
        sandbox = parts.enter_context(
            Sandbox(str(state / "sandbox"), spare_boxes=slots, allow_unenforced=settings.allow_unenforced)
        )
        for held in sandbox.report:
            if not held.enforced:
                _log.warning("limit_not_enforced", limit=held.limit, reason=held.how)
        objects = Objects(settings.storage_url, spool_folder=settings.state_dir)
        parts.callback(objects.close)
        deployment = Deployment(languages_file=settings.languages_file, roots=settings.roots)
        cache = Path(settings.cache_dir or state / "cache")
        engine = WorkerEngine(sandbox, objects, cache, deployment.open())
        metrics = serve_metrics(settings.metrics_listen)
        parts.callback(metrics.close)
        worker = Worker(
            settings,
            slots,
            objects=objects,
            judge=engine.judge,
            test=engine.test,
            enforcements=[
                worker_pb2.Enforcement(limit=held.limit, enforced=held.enforced, mechanism=held.how)
                for held in sandbox.report
            ],
            drain=partial(asyncio.get_running_loop().call_soon_threadsafe, stop.set),
        )
        registry = WorkerRegistry(settings.kafka)
        await asyncio.to_thread(registry.start)
        parts.callback(registry.close)
        programs = worker.programs(engine.run_live)
        parts.callback(programs.close)
        server = Server(settings.listen, [SERVICE])
        worker_service_pb2_grpc.add_WorkerServiceServicer_to_server(
            WorkerServicer(registry, programs, worker.producer, worker=worker_name(settings.name)),
            server.grpc,
        )
        port = await server.start()
        parts.push_async_callback(server.stop, SERVER_GRACE_S)
        worker.start()
        _log.info("serving", port=port, metrics_port=metrics.port, slots=slots)
        await stop.wait()
        _log.info("stopping")
        await server.drain()
        await asyncio.to_thread(worker.stop, settings.grace_s)


if __name__ == "__main__":
    try:
        run(main)
    except SandboxUnavailable as error:
        refusal = {"limit": error.limit, "reason": error.reason, "remedy": error.remedy}
        _log.error("sandbox_unavailable", **refusal)
        sys.exit(EXIT_NO_SANDBOX)

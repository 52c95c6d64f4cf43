"""Starts the parts of a mesh in order, keeps them running, stops them in reverse order.

Kafka and PostgreSQL start at the same time; then topics and tables are made; then the services start at the
same time; Envoy comes last. Nothing is left running when a part fails to start.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import IO

from gavel import open_files
from gavel.embedded import plan, process, state
from gavel.embedded.events import Event, Kind, Listener
from gavel.embedded.keeper import Keeper
from gavel.embedded.plan import Options, UnavailableLanguageError, Worker
from gavel.embedded.ports import Ports, is_free
from gavel.embedded.process import Flag
from gavel.embedded.server import Server, StartError
from gavel.embedded.service import Service
from gavel.embedded.state import LockedError, MeshState
from gavel.settings import SettingsError

ROTATE_SECONDS = 5.0
_THREADS = 48


class Supervisor:
    """One mesh on one data folder. `run` blocks; everything else may be called from other threads."""

    def __init__(self, options: Options, listener: Listener) -> None:
        self._options = options
        self._data = options.data_dir
        self._listener = listener
        self._stop = Flag()  # set by signal handlers, which may not take locks
        self._up = False
        self._keepers: list[Keeper] = []
        self._writing = threading.Lock()
        self._lock_file: IO[str] | None = None
        self._log: IO[str] | None = None
        self._identity = process.identity_of(os.getpid())

    def run(self) -> bool:
        """Starts everything, stays until `request_stop`, stops everything; False if it never was up.

        Says FAILED with the reason when the start failed, and DOWN after a stop, also one in the midst of the
        start. When another mesh has the data folder nothing of that is touched.
        """
        try:
            self._lock_file = state.lock(self._data)
        except (LockedError, OSError) as error:
            self._tell(Event(Kind.FAILED, str(error)))
            return False
        self._log_to_file()
        open_files.allow()  # for Envoy, Kafka and PostgreSQL too
        failure: Exception | None = None
        try:
            self._start()
            self._stay()
        except Exception as error:
            failure = error
        finally:
            self._end()
        if failure is None or self._stop.is_set():
            self._tell(Event(Kind.DOWN))
            return self._up
        part = failure.part if isinstance(failure, StartError) else None
        text = str(failure) if isinstance(failure, StartError) else f"{type(failure).__name__}: {failure}"
        self._tell(Event(Kind.FAILED, text, part))
        return False

    def request_stop(self) -> None:
        """Makes `run` stop everything and return, also in the midst of a start."""
        self._stop.set()
        if not self._up:
            self._cancel()

    def kill(self) -> None:
        """Ends every process at once, for somebody who does not want to wait."""
        self._cancel()
        for keeper in list(self._keepers):
            keeper.kill()

    def keeper(self, name: str) -> Keeper:
        """The keeper of a part; KeyError if there is none of that name."""
        for keeper in self._keepers:
            if keeper.name == name:
                return keeper
        raise KeyError(name)

    def _start(self) -> None:
        check_sandbox()
        self._clear()
        self._write_state()
        if open_to_others(self._options.ingress_host):
            self._progress(
                "the ingress is open to other machines, which the embedded mesh takes for this one's user"
            )
        ports = Ports(self._data / "ports.json")
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="start") as pool:
            languages = pool.submit(_available_languages)
            kafka, postgres = plan.stores(self._data, ports.get)
            stores = self._keep((kafka, postgres))
            self._progress("starting Kafka and PostgreSQL")
            tables = pool.submit(self._start_database, stores[1], lambda: postgres.url)
            started = pool.submit(self._start_one, stores[0])
            workers = self._assign(languages.result)
            topics = pool.submit(self._make_topics, started, kafka.bootstrap, workers)
            self._gather([started, tables, topics])
            services = plan.services(self._options, workers, kafka.bootstrap, postgres.url, ports.get)
            self._progress("starting " + ", ".join(service.name for service in services))
            self._gather([pool.submit(self._start_one, keeper) for keeper in self._keep(services)])
            envoy = plan.envoy(self._options, services, ports.get)
            self._progress("starting Envoy, which waits for a first health check of every service")
            self._gather([pool.submit(self._start_one, keeper) for keeper in self._keep((envoy,))])
        self._up = True
        self._write_state()
        self._tell(Event(Kind.UP, address=envoy.address))

    def _clear(self) -> None:
        """Ends what a killed supervisor left, then looks whether the ingress is free."""
        old = state.read(self._data)
        if old is not None:
            ended = state.end_leftovers(old)
            if ended:
                self._progress("ended what a killed supervisor left: " + ", ".join(ended))
        host, port = self._options.ingress_host, self._options.ingress_port
        if not is_free(port, host):
            raise StartError(
                "envoy", f"{host}:{port} is taken or not of this machine; choose another --ingress"
            )
        shutil.rmtree(self._data / "run", ignore_errors=True)

    def _assign(self, available: Callable[[], Sequence[str]]) -> tuple[Worker, ...]:
        try:
            workers = plan.assign_languages(self._options.workers, available())
        except UnavailableLanguageError as error:
            self._cancel()
            what = "gavel doctor lists the codes, and what each needs"
            raise StartError("worker", f"no toolchain for {error}; {what}") from error
        except SettingsError as error:
            self._cancel()
            raise StartError("worker", str(error)) from error
        return workers

    def _start_one(self, keeper: Keeper) -> None:
        keeper.prepare()
        keeper.start()

    def _start_database(self, keeper: Keeper, url: Callable[[], str]) -> None:
        self._start_one(keeper)
        from gavel.db.migrate import migrate

        try:
            migrate(url())
        except Exception as error:
            raise StartError("postgres", f"its tables cannot be made: {error}", keeper.server.log) from error

    def _make_topics(self, started: Future[None], bootstrap: str, workers: Sequence[Worker]) -> None:
        from gavel.bus import topics  # loads grpcio, in the time in which Kafka starts

        started.result()
        languages = dict.fromkeys(language for worker in workers for language in worker.languages)
        try:
            topics.ensure(bootstrap, list(languages))
        except Exception as error:
            log = plan.log_of(self._data, "kafka")
            raise StartError("kafka", f"its topics cannot be made: {error}", log) from error

    def _gather(self, futures: Sequence[Future[None]]) -> None:
        """Waits for all; when one fails the others are cancelled and the first failure raised."""
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failed = [future for future in done if future.exception()]
        if failed:
            self._cancel()
            wait(futures)
            failed[0].result()
        self._check_stop()

    def _stay(self) -> None:
        logs = self._data / "logs"
        while not self._stop.wait(ROTATE_SECONDS):
            for log in logs.glob("*.log"):
                process.rotate(log)

    def _end(self) -> None:
        """Stops Envoy, then the services, then the stores; each group at the same time."""
        for roles in (("envoy",), ("worker", "submission", "result", "cleanup"), ("kafka", "postgres")):
            group = [keeper for keeper in self._keepers if keeper.role in roles]
            threads = [threading.Thread(target=keeper.stop) for keeper in group]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        if self._lock_file is not None:
            self._write_state()
            self._lock_file.close()

    def _keep(self, servers: Iterable[Server]) -> list[Keeper]:
        """Takes servers on; a stop that was asked for meanwhile reaches them too."""
        made = [Keeper(server, _role(server), self._tell, self._write_state) for server in servers]
        self._keepers += made
        self._check_stop()
        return made

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise StartError("mesh", "the start was cancelled")

    def _cancel(self) -> None:
        for keeper in list(self._keepers):
            keeper.cancel()

    def _log_to_file(self) -> None:
        """What the libraries of this process log goes where the events go, and never to stdout."""
        import structlog

        log = plan.log_of(self._data, "supervisor")
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open("a", buffering=1)
        structlog.configure(
            processors=[
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.add_log_level,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.WriteLoggerFactory(self._log),
        )

    def _tell(self, event: Event) -> None:
        if self._log is not None:
            self._log.write(event.to_json() + "\n")
        try:
            self._listener(event)
        except OSError:  # nobody reads any more; the log has it
            self._listener = lambda _: None

    def _progress(self, text: str) -> None:
        self._tell(Event(Kind.PROGRESS, text))

    def _write_state(self) -> None:
        with self._writing:
            host, port = self._options.ingress_host, self._options.ingress_port
            parts = tuple(keeper.state() for keeper in self._keepers)
            ingress = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            state.write(self._data, MeshState(self._identity, ingress, self._up, parts))


def _role(server: Server) -> str:
    return server.role if isinstance(server, Service) else server.name


def _available_languages() -> list[str]:
    from gavel.judging.deployment import Deployment

    return list(Deployment.from_environment(os.environ).open().available())


def check_sandbox() -> None:
    """Looks whether programs can be confined here; StartError with what to do if not.

    The workers inherit GAVEL_ALLOW_UNENFORCED, so what it names is allowed here as well.
    """
    from gavel.sandbox import doctor

    allowed = filter(None, map(str.strip, os.environ.get("GAVEL_ALLOW_UNENFORCED", "").split(",")))
    missing = [finding for finding in doctor(allowed) if not finding.ok and not finding.allowed]
    if missing:
        lines = [f"{finding.name}: {finding.detail}\n    {finding.remedy}" for finding in missing]
        raise StartError("sandbox", "programs cannot be confined on this machine:\n  " + "\n  ".join(lines))


def open_to_others(host: str) -> bool:
    """Tells whether an ingress is reached from beyond this machine."""
    return not (host.startswith("127.") or host == "::1")

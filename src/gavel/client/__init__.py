"""The client of the API, blocking (`Client`) and for asyncio (`AsyncClient`).

```python
with Client("127.0.0.1:8080") as gavel:
    accepted = gavel.submit(
        {"main.py": b"print(42)"}, language="python3", tests=[InlineTest(b"", b"42")]
    )
    for event in gavel.watch(accepted):
        print(event)
```
"""

from gavel.client.aio import AsyncClient
from gavel.client.errors import GavelError, NotFoundError, PlatformError, RequestError
from gavel.client.events import Compiled, Ended, Event, Queued, Restarted, Running, Tested
from gavel.client.programs import (
    AsyncProgram,
    ProgramCompiled,
    ProgramEnded,
    ProgramEvent,
    ProgramOutput,
    ProgramRun,
)
from gavel.client.requests import language_of, uuid7
from gavel.client.sync import Client, Program, Stream
from gavel.client.values import (
    Accepted,
    CompileResult,
    GroupResult,
    InlineTest,
    Judgement,
    Language,
    Limits,
    Problem,
    Queue,
    Submission,
    TestResult,
)

__all__ = [
    "Accepted",
    "AsyncClient",
    "AsyncProgram",
    "Client",
    "CompileResult",
    "Compiled",
    "Ended",
    "Event",
    "GavelError",
    "GroupResult",
    "InlineTest",
    "Judgement",
    "Language",
    "Limits",
    "NotFoundError",
    "PlatformError",
    "Problem",
    "Program",
    "ProgramCompiled",
    "ProgramEnded",
    "ProgramEvent",
    "ProgramOutput",
    "ProgramRun",
    "Queue",
    "Queued",
    "RequestError",
    "Restarted",
    "Running",
    "Stream",
    "Submission",
    "TestResult",
    "Tested",
    "language_of",
    "uuid7",
]

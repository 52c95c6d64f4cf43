"""What a topic holds, read from its first record to its end."""

from __future__ import annotations

from gavel.bus import topics
from gavel.bus.consumer import BEGINNING, Reader, Record


def read_topic(bootstrap: str, topic: str) -> list[Record]:
    """Every record that is there now, each partition's in order."""
    missing = {
        partition: end for (_, partition), end in topics.end_offsets(bootstrap, [topic]).items() if end
    }
    reader = Reader(bootstrap, topic, BEGINNING)
    records: list[Record] = []
    try:
        while missing:
            batch = reader.read(10.0)
            assert batch, f"{topic} gave nothing within 10 s; missing up to {missing}"
            for record in batch:
                records.append(record)
                if record.offset + 1 >= missing.get(record.partition, 1 << 62):
                    missing.pop(record.partition, None)
    finally:
        reader.close()
    return records

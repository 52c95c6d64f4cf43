"""How what hostile programs wrote becomes text in a result. Pure."""

HEAD_BYTES = 4_096
"""Of standard output, standard error and feedback in a test's result."""


def text(data: bytes, most_bytes: int = HEAD_BYTES) -> str:
    """Valid UTF-8 of at most `most_bytes` without NUL, which a database would refuse."""
    clean = data[:most_bytes].decode("utf-8", "replace").replace("\0", "\ufffd")
    return clean.encode()[:most_bytes].decode("utf-8", "ignore")

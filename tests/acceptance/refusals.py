"""Errors as a plain gRPC client sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass(frozen=True)
class Refusal:
    """An error's status with its details."""

    code: grpc.StatusCode
    reason: str
    metadata: dict[str, str]
    fields: tuple[str, ...]
    """Those of the BadRequest."""


def refusal(call: Callable[[], object]) -> Refusal:
    """Makes a call that has to fail with a status of exactly one ErrorInfo of the domain `gavel`."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    status = rpc_status.from_call(caught.value)
    assert status is not None, f"no details: {caught.value}"
    infos, fields = [], []
    for detail in status.details:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            infos.append(info)
        elif detail.Unpack(bad):
            fields += [violation.field for violation in bad.field_violations]
    assert [info.domain for info in infos] == ["gavel"]
    return Refusal(caught.value.code(), infos[0].reason, dict(infos[0].metadata), tuple(fields))

"""The cleanup service's calls."""

from gavel.cleanup.v1 import cleanup_service_pb2_grpc


class CleanupServicer(cleanup_service_pb2_grpc.CleanupServiceServicer):
    """Retention comes with a later version: a call that is not defined here is answered UNIMPLEMENTED by the
    server.
    """

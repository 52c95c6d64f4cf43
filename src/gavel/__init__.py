"""Gavel judges programs: submissions in over gRPC, sandboxed runs, verdicts streamed live and kept."""

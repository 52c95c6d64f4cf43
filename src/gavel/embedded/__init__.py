"""The mesh on one machine: Kafka, PostgreSQL, Envoy and the Gavel services under one supervisor.

with Mesh(Path("/var/lib/gavel"), ingress="127.0.0.1:8080", workers=["python3=2"]) as mesh:
    print(mesh.address, mesh.process("worker-0"))
"""

from gavel.embedded.kafka import KafkaBroker
from gavel.embedded.mesh import Mesh
from gavel.embedded.postgres import Postgres
from gavel.embedded.server import StartError

__all__ = ["KafkaBroker", "Mesh", "Postgres", "StartError"]

"""Turns a description of the mesh into Envoy's configuration: listeners, routes, clusters, endpoints.

topology = Topology("127.0.0.1", 8080, 9901, {"submission": (Endpoint("submission-0", "127.0.0.1", 7001),)})
write(topology, "/var/lib/gavel/envoy")
subprocess.Popen(command("/usr/bin/envoy", "/var/lib/gavel/envoy"))
write_endpoints(changed_topology, "/var/lib/gavel/envoy")
"""

from gavel.mesh.files import command, write, write_endpoints
from gavel.mesh.topology import Endpoint, Topology

__all__ = ["Endpoint", "Topology", "command", "write", "write_endpoints"]

"""gRPC as every service uses it: errors, the server, pages, resource names, positions, channels."""

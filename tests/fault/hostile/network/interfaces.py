# What there is of a network: no interface but a loopback that is down, no route, no socket of anybody's.
# verdicts: ACCEPTED
found = [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line]
routes = open("/proc/net/route").read().splitlines()[1:]
sockets = []
for name in ("tcp", "tcp6", "udp", "udp6", "raw", "packet"):
    try:
        sockets += open(f"/proc/net/{name}").read().splitlines()[1:]
    except OSError:
        pass
fine = set(found) <= {"lo"} and not routes and not sockets
print("held" if fine else f"ESCAPED {found} {routes} {sockets}")

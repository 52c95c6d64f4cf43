# The write end of its own stdout lies in a ring of sockets that nobody reads: no process holds it any more, and
# it is not closed.
# verdicts: ACCEPTED
import array
import socket

one, other = socket.socketpair()
for sender, kept in ((one, other), (other, one)):
    descriptors = array.array("i", [1, 2, kept.fileno()])
    sender.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
print("held", flush=True)

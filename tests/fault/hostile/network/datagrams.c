// A datagram pair that is parted: the kernel itself then names its ends (SO_PASSCRED), and whoever is in the same
// network namespace, another submission, reaches them with data and descriptors.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  int pair[2], on = 1;
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  for (int kind = 1; kind < 8; kind++) {
    if (socketpair(AF_UNIX, kind, 0, pair) < 0) continue;
    MUST_HOLD(kind == SOCK_STREAM || kind == SOCK_SEQPACKET);
    setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    MUST_FAIL(connect(pair[0], &none, sizeof none));
    close(pair[1]);
    send(pair[0], "x", 1, MSG_NOSIGNAL);
    struct sockaddr_un own;
    socklen_t size = sizeof own;
    struct sockaddr_un other = {.sun_family = AF_UNIX, .sun_path = "\0" "00001"};
    MUST_FAIL(sendto(pair[0], "x", 1, MSG_NOSIGNAL, (void *)&other, 8));
    MUST_HOLD(getsockname(pair[0], (void *)&own, &size) == 0 && size <= 8);
  }
  return held();
}

// The host's local sockets, by path and by abstract name, and a listener of its own.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  int pair[2];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  MUST_FAIL(socket(AF_UNIX, SOCK_STREAM, 0));
  MUST_FAIL(socket(AF_UNIX, SOCK_DGRAM, 0));
  MUST_HOLD(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", target("socket"));
  MUST_FAIL(connect(pair[0], (void *)&address, sizeof address));
  snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "gavel");
  address.sun_path[0] = 0;
  MUST_FAIL(bind(pair[0], (void *)&address, sizeof address));
  MUST_FAIL(listen(pair[0], 1));
  MUST_FAIL(accept(pair[0], NULL, NULL));
  return held();
}

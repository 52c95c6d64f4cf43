// Sockets of every family and kind: AF_NETLINK, AF_PACKET, AF_ALG, AF_XDP, AF_TIPC, AF_BLUETOOTH and the rest.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  int pair[2];
  for (int family = 0; family < 64; family++)
    for (int kind = 0; kind < 11; kind++) {
      MUST_FAIL(socket(family, kind, 0));
      if (family != AF_UNIX) MUST_FAIL(socketpair(family, kind, 0, pair));
    }
  return held();
}

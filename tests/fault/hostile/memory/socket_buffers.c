// Memory as what waits in socket pairs that nobody reads.
// verdicts: MEMORY_LIMIT_EXCEEDED
// limits: memory_bytes=33554432
#include "held.h"
int main(void) {
  static char block[65536];
  for (int i = 0; i < 500; i++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) break;
    for (int end = 0; end < 2; end++) while (write(pair[end], block, sizeof block) > 0);
  }
  return held();
}

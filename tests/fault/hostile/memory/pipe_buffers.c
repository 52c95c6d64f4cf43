// Memory as what waits in pipes made as large as they may be.
// verdicts: MEMORY_LIMIT_EXCEEDED
// limits: memory_bytes=33554432
#include "held.h"
int main(void) {
  static char block[65536];
  for (int i = 0; i < 500; i++) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) < 0) break;
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    while (write(ends[1], block, sizeof block) > 0);
  }
  return held();
}

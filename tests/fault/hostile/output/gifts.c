// Output that is never written: pages given to a pipe, doubled from there to another, and changed when they were sent.
// verdicts: OUTPUT_LIMIT_EXCEEDED
#include "held.h"
#include <sys/uio.h>
int main(void) {
  int ends[2];
  MUST_HOLD(pipe(ends) == 0);
  char *pages = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(pages, 'x', 16 * 4096);
  struct iovec all = {pages, 16 * 4096};
  while (vmsplice(ends[1], &all, 1, SPLICE_F_GIFT) > 0) {
    if (tee(ends[0], 1, 1 << 20, 0) <= 0) return 1;
    memset(pages, 'y', 16 * 4096);
    if (splice(ends[0], NULL, 2, NULL, 1 << 20, 0) <= 0) return 1;
  }
  return 1;
}

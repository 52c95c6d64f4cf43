// Memory that the program never touches: the kernel fills it, in one call that is not over before the limit.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
#define SIZE (200 << 20)
static char *area(int flags) {
  return mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}
int main(void) {
  // Each in a child, which the limit ends; the parent answers as if nothing had been.
  for (int way = 0; way < 4; way++) {
    if (!fork()) {
      if (way == 0) area(MAP_POPULATE);
      if (way == 1) madvise(area(0), SIZE, 23);  // MADV_POPULATE_WRITE
      if (way == 2) read(open("/dev/zero", O_RDONLY), area(0), SIZE);
      if (way == 3) syscall(SYS_getrandom, area(0), SIZE, 0);
      escaped("200 MiB");
    }
    wait(NULL);
  }
  return held();
}

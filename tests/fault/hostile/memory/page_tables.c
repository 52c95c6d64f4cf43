// Memory as page tables: one page is touched in each region that needs a table of its own.
// verdicts: MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=3000
#include "held.h"
int main(void) {
  size_t step = 2 << 20, size = step * 20000;
  char *reserved = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) escaped("no address space");
  madvise(reserved, size, MADV_NOHUGEPAGE);
  for (size_t place = 0; place < size; place += step) if (reserved[place]) return 1;
  return held();
}

// As many areas of memory as a process may have, in as many processes as it may have: none of them is of any size.
// verdicts: ACCEPTED MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=4000 wall_time_ms=8000
// group: long
#include "held.h"
int main(void) {
  char *memory = mmap(NULL, 140000L * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return held();
  for (long page = 0; page < 140000; page += 2)
    if (mprotect(memory + page * 4096, 4096, PROT_READ)) break;
  for (int i = 0; i < 12; i++)
    if (!fork()) {
      pause();
      _exit(0);
    }
  return held();
}

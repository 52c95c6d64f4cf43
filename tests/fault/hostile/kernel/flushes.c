// Has the host's disks flushed and its files dropped from memory, again and again, waiting out of a kill's reach.
// verdicts: ACCEPTED
// limits: cpu_time_ms=1000
#include "held.h"
int main(void) {
  int file = open("/usr/bin/env", O_RDONLY);
  for (int i = 0; i < 10000; i++) {
    sync();
    syncfs(file);
    fsync(file);
    fdatasync(file);
    sync_file_range(file, 0, 0, 7);
    MUST_HOLD(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0);
  }
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return held();
}

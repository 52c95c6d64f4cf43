// Dirty COW (CVE-2016-5195): a private mapping of a shared file, written to while it is thrown away.
// verdicts: ACCEPTED
// limits: cpu_time_ms=2000
#include "held.h"
#include <pthread.h>
static char *mapped;
static void *discard(void *unused) {
  for (int i = 0; i < 20000; i++) madvise(mapped, 4096, MADV_DONTNEED);
  return unused;
}
int main(void) {
  char before[64], after[64];
  int file = open("/usr/bin/env", O_RDONLY);
  if (pread(file, before, sizeof before, 0) != sizeof before) escaped("no file");
  mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, discard, NULL);
  for (int i = 0; i < 20000; i++) ((volatile char *)mapped)[0] = 'X';
  pthread_join(thread, NULL);
  if (pread(file, after, sizeof after, 0) != sizeof after || memcmp(before, after, sizeof after)) escaped("written");
  MUST_FAIL(open("/proc/self/mem", O_RDWR));
  return held();
}

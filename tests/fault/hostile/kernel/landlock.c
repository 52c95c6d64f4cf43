// Shuts itself in for good: what it denies itself must not be denied to the next run.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/prctl.h>
int main(void) {
  if (open("/usr/bin/env", O_RDONLY) < 0 || open("/tmp/new", O_CREAT | O_WRONLY, 0600) < 0) escaped("shut in by the last run");
  unsigned long rights[3] = {0x1fff};
  int rules = syscall(444, rights, 8, 0);
  if (rules >= 0) syscall(446, rules, 0);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_NOFILE, &none);
  setrlimit(RLIMIT_FSIZE, &none);
  umask(0777);
  return held();
}

// Another personality: no addresses at random, readable is executable, 32 bits. None takes a guard off.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/mount.h>
#include <sys/personality.h>
int main(void) {
  const unsigned long wanted[] = {ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC, PER_LINUX32, ADDR_LIMIT_3GB, PER_SVR4, MMAP_PAGE_ZERO};
  for (int i = 0; i < 6; i++) {
    personality(wanted[i]);
    MUST_FAIL(unshare(CLONE_NEWUSER));
    MUST_FAIL(socket(AF_INET, SOCK_STREAM, 0));
    MUST_FAIL(mount("x", "/tmp", "tmpfs", 0, ""));
  }
  return held();
}

// Programs and maps in the kernel.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  char attributes[128] = {0};
  for (int command = 0; command < 40; command++) MUST_FAIL(syscall(SYS_bpf, command, attributes, sizeof attributes));
  return held();
}

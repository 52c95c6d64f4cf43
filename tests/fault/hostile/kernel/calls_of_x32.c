// The calls of x32, by a bit of the number.
// verdicts: SECURITY_VIOLATION
// machine: x86_64
#include "held.h"
int main(void) {
  if (syscall(0x40000000 | 39) > 0) escaped("a call of x32");  // getpid
  return held();
}

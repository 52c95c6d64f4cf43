// runc CVE-2019-5736: writes to the executable of whoever started it, and to its own interpreter.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  MUST_FAIL(open("/proc/1/exe", O_RDONLY));
  MUST_FAIL(open("/proc/self/exe", O_WRONLY));
  MUST_FAIL(open("/proc/self/exe", O_RDWR | O_TRUNC));
  MUST_FAIL(open("/lib64/ld-linux-x86-64.so.2", O_WRONLY));
  MUST_FAIL(open("/proc/self/mem", O_WRONLY));
  return held();
}

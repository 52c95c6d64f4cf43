// DMOJ 077d3ede: 32-bit calls have other numbers, which a filter of the 64-bit ones takes for something else.
// verdicts: SECURITY_VIOLATION RUN_TIME_ERROR
// machine: x86_64
#include "held.h"
int main(void) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");  // getpid
  if (result > 0) escaped("a call of i386");
  return held();
}

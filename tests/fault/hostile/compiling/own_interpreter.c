// A program whose interpreter, by its own header, is itself, so that the kernel cannot start it.
// verdicts: RUN_TIME_ERROR ACCEPTED
// tests: 2
#include "held.h"
const char interpreter[] __attribute__((section(".interp"))) = "/work/program";
int main(void) { return held(); }

// A program whose interpreter is not there: the program's own fault, and not the platform's.
// verdicts: RUN_TIME_ERROR ACCEPTED COMPILE_ERROR
// tests: 2
__asm__(".section .interp,\"a\"\n.asciz \"/work/absent\"\n.text\n");
#include "held.h"
int main(void) { return held(); }

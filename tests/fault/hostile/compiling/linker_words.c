// A start of its own before main, another interpreter, and a section that nobody asked for: all of it in the box.
// verdicts: RUN_TIME_ERROR WRONG_ANSWER ACCEPTED
#include "held.h"
const char interpreter[] __attribute__((section(".interp2"))) = "/work/evil";
__attribute__((constructor)) static void early(void) { MUST_FAIL(unshare(CLONE_NEWUSER)); }
int main(void) { return held(); }

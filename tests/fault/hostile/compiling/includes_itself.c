// Includes itself twice, without end.
// verdicts: COMPILE_ERROR
// group: long
#include "main.c"
#include "main.c"
int main(void) { return 0; }

// Includes a file of the host, whose lines the compiler's errors would quote.
// verdicts: COMPILE_ERROR
#include "/etc/shadow"
int main(void) { return 0; }

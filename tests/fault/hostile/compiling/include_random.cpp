// Includes noise without end.
// verdicts: COMPILE_ERROR
// group: long
#include "/dev/urandom"
int main() {}

// Takes the compiler's memory.
// verdicts: JUDGE_ERROR
// group: long
#include "/dev/zero"

// QDUOJ OnlineJudge#165: includes test data, from wherever it could lie while compiling.
// verdicts: COMPILE_ERROR
#if __has_include("/dev/stdin")
#include "/dev/stdin"
#endif
#if __has_include("/work/judge.in") || __has_include("/work/1.in") || __has_include("/tmp/judge.ans") || __has_include("/work/judge.ans")
int main(void) { __builtin_puts("ESCAPED test data while compiling"); }
#else
#error none
#endif

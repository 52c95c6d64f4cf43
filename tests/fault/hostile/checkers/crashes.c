// Crashes.
// verdicts: JUDGE_ERROR
int main(void) { __builtin_trap(); }

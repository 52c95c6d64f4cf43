// Does not compile.
// verdicts: JUDGE_ERROR
#error no checker

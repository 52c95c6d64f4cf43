// The famous short program of sixteen gigabytes.
// verdicts: COMPILE_ERROR
main[-1u] = {1};

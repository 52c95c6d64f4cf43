// A regular expression that never ends.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=1000 wall_time_ms=10000 memory_bytes=134217728 processes=64
/^(a+)+$/.test("a".repeat(60) + "b");
console.log("held");

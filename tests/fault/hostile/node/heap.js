// Takes heap without end.
// verdicts: MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=3000 wall_time_ms=10000 memory_bytes=134217728 processes=64
const taken = [];
for (;;) taken.push(new Array(1 << 17).fill(1.5));

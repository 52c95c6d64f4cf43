// Waits for something that never comes.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=3000 wall_time_ms=1500 memory_bytes=134217728 processes=64
setInterval(() => {}, 1 << 30);

// Memory beside the heap, which the runtime's own limit does not count.
// verdicts: MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=3000 wall_time_ms=10000 memory_bytes=134217728 processes=64
const taken = [];
for (let i = 0; i < 2000; i++) taken.push(Buffer.alloc(1 << 20, 1));
console.log("held");

// Heap without end, in a thread with a heap of its own.
// verdicts: MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=9000 wall_time_ms=25000 memory_bytes=134217728 processes=64
const { Worker } = require("worker_threads");
new Worker("const taken = []; for (;;) taken.push({ last: [1, 2, 3, taken.length] });", { eval: true });

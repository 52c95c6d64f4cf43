// Waits for a word of shared memory that nobody will change, with threads that do the same.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=2000 wall_time_ms=3000 memory_bytes=268435456
const { Worker, isMainThread } = require("worker_threads");
const word = new Int32Array(new SharedArrayBuffer(4));
if (isMainThread) new Worker(__filename);
Atomics.wait(word, 0, 0);

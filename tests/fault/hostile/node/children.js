// Child processes that are left, and one that burns CPU.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=1500 wall_time_ms=10000 memory_bytes=134217728 processes=64
const { spawn } = require("child_process");
for (let i = 0; i < 3; i++) spawn("/bin/sh", ["-c", "while :; do :; done"], { detached: true, stdio: "ignore" }).unref();
setInterval(() => {}, 1000);

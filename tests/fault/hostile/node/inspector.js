// The run-time's own doors: a debugger that listens, code in a process of its own, a library of the program's making.
// verdicts: ACCEPTED
// limits: cpu_time_ms=3000 wall_time_ms=8000 memory_bytes=134217728
const fs = require("fs");
const must = (name, attack) => {
  try {
    attack();
  } catch (error) {
    return;
  }
  console.log("ESCAPED " + name);
};
must("kill init", () => process.kill(1, "SIGKILL"));
must("setuid", () => process.setuid(0));
must("chroot", () => process.binding("fs").chroot("/"));
must("dlopen", () => process.dlopen({ exports: {} }, "/work/main.js"));
must("write", () => fs.writeFileSync("/usr/lib/x", "x"));
try {
  require("inspector").open(0, "127.0.0.1");
} catch (error) {
  fs.writeSync(2, String(error));
}
if (require("inspector").url()) console.log("ESCAPED: a debugger listens");
fs.mkdirSync("/work/node_modules/fs", { recursive: true });
fs.writeFileSync("/work/node_modules/fs/index.js", "console.log('ESCAPED')");
fs.writeFileSync("/work/package.json", '{"type": "module", "imports": {"#fs": "/etc/passwd"}}');
fs.writeFileSync("/tmp/.noderc", "console.log('ESCAPED')");
console.log("held");
process.exitCode = 0;

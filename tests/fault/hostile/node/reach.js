// The host's network and files, by the runtime's own means.
// verdicts: ACCEPTED
// limits: cpu_time_ms=3000 wall_time_ms=10000 memory_bytes=134217728 processes=64
const fs = require("fs");
const net = require("net");
const targets = Object.fromEntries(fs.readFileSync(0, "utf8").trim().split("\n").map(line => line.split(/ (.*)/)));
let escaped = "";
for (const path of [targets.file, "/etc/shadow", "/proc/1/environ", "/root"]) {
  try {
    fs.statSync(path);
    escaped += " " + path;
  } catch {}
}
process.on("exit", () => console.log(escaped ? "ESCAPED" + escaped : "held"));
process.on("uncaughtException", () => {});
try {
  fs.watch("/usr/bin", () => {}).unref();
  escaped += " watch";
} catch {}
net.connect(Number(targets.port), "127.0.0.1").on("connect", () => (escaped += " port")).on("error", () => {});
net.createServer().on("listening", function () { escaped += " listens"; this.close(); }).on("error", () => {}).listen(0);

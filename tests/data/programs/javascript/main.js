const fs = require("fs");
const words = fs.readFileSync(0, "utf8").trim().split(/\s+/);
switch (words[0]) {
  case "sum": console.log(Number(words[1]) + Number(words[2])); break;
  case "spin": for (;;);
  case "sleep": setTimeout(() => {}, 60000); break;
  case "memory": for (const kept = [];;) kept.push(Buffer.alloc(1 << 20, 1));
  case "output": for (;;) fs.writeSync(1, "x".repeat(4096));
  case "crash": process.exit(3);
}

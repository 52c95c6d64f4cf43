// Joins two texts where it should add two numbers: prints 23 for 2 and 3.
const [a, b] = require("fs").readFileSync(0, "utf8").split(/\s+/);
console.log(a + b);

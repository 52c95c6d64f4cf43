const [n, ...rest] = require('fs').readFileSync(0, 'utf8').split(/\s+/).filter(Boolean).map(Number);
console.log(String(rest.slice(0, n).reduce((sum, x) => sum + x, 0)));

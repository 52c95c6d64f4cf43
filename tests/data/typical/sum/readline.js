const readline = require('readline');
const lines = [];
readline.createInterface({ input: process.stdin }).on('line', line => lines.push(line)).on('close', () => {
  process.stdout.write(lines[1].split(' ').map(Number).reduce((sum, x) => sum + x, 0) + '\n');
});

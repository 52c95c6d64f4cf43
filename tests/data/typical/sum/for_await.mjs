import { createInterface } from 'node:readline';
import { stdin } from 'node:process';

const lines = [];
for await (const line of createInterface({ input: stdin })) lines.push(line);
console.log(lines[1].split(' ').map(Number).reduce((sum, x) => sum + x, 0));

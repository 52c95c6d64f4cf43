import { readFileSync } from 'fs';

const [n, ...rest]: number[] = readFileSync('/dev/stdin', 'utf8').trim().split(/\s+/).map(Number);
console.log(rest.slice(0, n).reduce((sum: number, x: number): number => sum + x, 0));

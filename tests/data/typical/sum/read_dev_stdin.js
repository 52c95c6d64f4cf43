'use strict';
const fs = require('fs');
const data = fs.readFileSync('/dev/stdin').toString().trim().split('\n');
let sum = 0n;
for (const word of data[1].split(' ')) sum += BigInt(word);
console.log(sum.toString());

function depth(n) { return n === 0 ? 0 : depth(n - 1) + 1; }
console.log(depth(100000) === 100000 ? 'deep' : 'wrong');

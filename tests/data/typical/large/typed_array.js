const numbers = new Int32Array(60000000).map((_, i) => i);
console.log(numbers[59999999] === 59999999 ? 'large' : 'wrong');

let text = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', chunk => { text += chunk; });
process.stdin.on('end', () => {
  const [n, ...numbers] = text.trim().split(/\s+/).map(Number);
  console.log(numbers.slice(0, n).reduce((sum, x) => sum + x));
});

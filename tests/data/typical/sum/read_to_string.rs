use std::io::{self, BufWriter, Read, Write};

fn main() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    let mut words = text.split_ascii_whitespace().map(|word| word.parse::<i64>().unwrap());
    let n = words.next().unwrap() as usize;
    let sum: i64 = words.take(n).sum();
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{sum}")
}

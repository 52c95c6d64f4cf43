use std::hint::black_box;
use std::thread;

fn depth(n: u64) -> u64 {
    if black_box(n) == 0 { 0 } else { black_box(depth(n - 1)) + 1 }
}

fn main() {
    let deep = thread::Builder::new().stack_size(200 << 20).spawn(|| depth(1_000_000)).unwrap();
    println!("{}", if deep.join().unwrap() == 1_000_000 && depth(500_000) == 500_000 { "deep" } else { "wrong" });
}

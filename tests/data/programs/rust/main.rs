use std::io::{stdin, Write};

fn main() {
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[0] {
        "sum" => println!("{}", words[1].parse::<i64>().unwrap() + words[2].parse::<i64>().unwrap()),
        "spin" => loop {
            std::hint::black_box(0);
        },
        "sleep" => std::thread::sleep(std::time::Duration::from_secs(60)),
        "memory" => {
            let mut kept = Vec::new();
            loop {
                kept.push(vec![1u8; 1 << 20]);
            }
        }
        "output" => loop {
            std::io::stdout().write_all(&[b'x'; 4096]).unwrap();
        },
        _ => std::process::exit(3),
    }
}

fn main() {
    let numbers: Vec<i32> = (0..60_000_000).collect();
    println!("{}", if numbers[59_999_999] == 59_999_999 { "large" } else { "wrong" });
}

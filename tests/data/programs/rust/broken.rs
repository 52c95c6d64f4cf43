fn main() { nothing(); }

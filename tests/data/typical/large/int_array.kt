fun main() {
    val numbers = IntArray(60000000) { it }
    println(if (numbers[59999999] == 59999999) "large" else "wrong")
}

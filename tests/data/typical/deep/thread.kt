fun depth(n: Int): Int = if (n == 0) 0 else depth(n - 1) + 1

fun main() {
    val thread = Thread(null, { println(if (depth(1000000) == 1000000) "deep" else "wrong") }, "deep", 1L shl 28)
    thread.start()
    thread.join()
}

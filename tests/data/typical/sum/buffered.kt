import java.io.*
import java.util.*

fun main() = with(BufferedReader(InputStreamReader(System.`in`))) {
    val n = readLine().toInt()
    val tokens = StringTokenizer(readLine())
    println((1..n).sumOf { tokens.nextToken().toLong() })
}

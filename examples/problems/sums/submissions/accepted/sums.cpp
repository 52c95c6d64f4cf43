#include <cstdio>

int main() {
    long n, a, b;
    if (std::scanf("%ld", &n) != 1) return 1;
    while (n-- > 0 && std::scanf("%ld %ld", &a, &b) == 2) std::printf("%ld\n", a + b);
}

#include <stdio.h>

static long long down(int n) {
    volatile char used[100];
    used[n % 100] = 1;
    return n ? down(n - 1) + used[n % 100] : 0;
}

int main(void) { puts(down(1000000) == 1000000 ? "deep" : "wrong"); }

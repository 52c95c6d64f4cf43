#include <stdio.h>

static long long number(void) {
    int c = getchar_unlocked(), negative = 0;
    while (c != '-' && (c < '0' || c > '9')) c = getchar_unlocked();
    if (c == '-') { negative = 1; c = getchar_unlocked(); }
    long long found = 0;
    for (; c >= '0' && c <= '9'; c = getchar_unlocked()) found = found * 10 + c - '0';
    return negative ? -found : found;
}

int main(void) {
    long long n = number(), sum = 0;
    while (n-- > 0) sum += number();
    printf("%lld\n", sum);
}

#include <inttypes.h>
#include <stdio.h>

int main(void) {
    int n;
    int64_t x, sum = 0;
    if (scanf("%d", &n) != 1) return 1;
    while (n-- > 0 && scanf("%" SCNd64, &x) == 1) sum += x;
    printf("%" PRId64 "\n", sum);
    return 0;
}

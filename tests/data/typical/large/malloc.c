#include <stdio.h>
#include <stdlib.h>

int main(void) {
    size_t count = 60000000; /* 229 MiB */
    int *numbers = calloc(count, sizeof *numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = (int)i;
    puts(numbers[count - 1] == 59999999 ? "large" : "wrong");
    free(numbers);
}

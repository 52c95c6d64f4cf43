/* Writes through a null pointer: ended by SIGSEGV. */
#include <stddef.h>

int main(void) {
    volatile int *nowhere = NULL;
    *nowhere = 1;
}

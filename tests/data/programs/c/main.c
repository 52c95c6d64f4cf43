#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  char word[16];
  long a, b;
  if (scanf("%15s %ld %ld", word, &a, &b) < 1) return 1;
  if (!strcmp(word, "sum")) printf("%ld\n", a + b);
  if (!strcmp(word, "spin")) for (volatile long i = 0;; i++);
  if (!strcmp(word, "sleep")) sleep(60);
  if (!strcmp(word, "memory")) for (;;) memset(malloc(1 << 20), 1, 1 << 20);
  if (!strcmp(word, "output")) for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
  if (!strcmp(word, "crash")) return 3;
  if (!strcmp(word, "forbidden")) syscall(0x40000000 + 39);
  return 0;
}

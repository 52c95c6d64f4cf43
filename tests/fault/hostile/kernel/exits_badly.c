// What the kernel does at a thread's end by addresses that the program gave it: robust locks in a ring and without an end,
// a word to clear in the kernel and in a file's mapping.
// verdicts: ACCEPTED
// tests: 3
#include "held.h"
#include <linux/futex.h>
int main(void) {
  for (int kind = 0; kind < 6; kind++) {
    pid_t child = fork();
    if (!child) {
      static struct robust_list ring[4096];
      static struct robust_list_head head;
      for (int i = 0; i < 4096; i++) ring[i].next = &ring[(i + 1) % 4096];
      head.list.next = kind == 1 ? (void *)-4096L : kind == 2 ? (void *)0xffff888000000000UL : &ring[0];
      head.list_op_pending = kind == 3 ? (void *)0x1001 : NULL;
      syscall(SYS_set_robust_list, &head, sizeof head);
      void *text = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open("/usr/bin/env", O_RDONLY), 0);
      syscall(SYS_set_tid_address, kind == 4 ? (void *)0xffffffffff600000UL : text);
      _exit(0);
    }
    int status;
    MUST_HOLD(waitpid(child, &status, 0) == child);
  }
  return held();
}
